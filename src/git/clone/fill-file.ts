import type * as fs from 'node:fs';

/** What writing a file asks of `node:fs`. */
type FileCalls = Pick<typeof fs, 'writeSync' | 'fstatSync' | 'closeSync'>;

/**
 * Writes a new file's content, from `start` to `end` in `bytes`, and closes it. Self-contained, with nothing imported:
 * the thread of `file-helper.ts` runs its text.
 * @returns what the file system says of the file
 */
export function fillFile(
  { writeSync, fstatSync, closeSync }: FileCalls,
  file: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): fs.BigIntStats {
  try {
    for (let at = start; at < end; ) at += writeSync(file, bytes, at, end - at);
    return fstatSync(file, { bigint: true });
  } finally {
    closeSync(file);
  }
}

/** As {@link fillFile}, in pieces. A write stream would close the file too when it fails, and so twice. */
export async function fillFileInPieces(
  { writeSync, fstatSync, closeSync }: FileCalls,
  file: number,
  pieces: AsyncIterable<Uint8Array>,
): Promise<fs.BigIntStats> {
  try {
    for await (const piece of pieces) {
      for (let at = 0; at < piece.length; ) at += writeSync(file, piece, at, piece.length - at);
    }
    return fstatSync(file, { bigint: true });
  } finally {
    closeSync(file);
  }
}
