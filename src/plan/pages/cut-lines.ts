import { cutPageBytes } from './page.js';

/** Lines, end to end, in pieces of at most a page's size, unless one line is longer; all are about as large. */
export function cutLines(bytes: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  for (let start = 0; start < bytes.length; ) {
    const rest = bytes.length - start;
    const share = Math.ceil(rest / Math.ceil(rest / cutPageBytes));
    const end = share === rest ? bytes.length : lineEnd(bytes, start, start + share);
    pieces.push(bytes.subarray(start, end));
    start = end;
  }
  return pieces;
}

/** Behind the last line that ends before `limit`, or behind the first where that is a longer one. */
function lineEnd(bytes: Buffer, start: number, limit: number): number {
  const before = bytes.lastIndexOf(10, limit - 1);
  if (before >= start) return before + 1;
  const after = bytes.indexOf(10, limit);
  return after === -1 ? bytes.length : after + 1;
}
