import { decodeUtf8, isBinary } from '../resources/text.js';
import { splitTextLines } from './line-diff.js';

/** A text with the changes of both sides, or why there is none. */
export type MergedText = { text: string } | { problem: string };

/** Comparing lines takes time that grows with both lengths. */
const maxMergedBytes = 1 << 20;
const maxMergedLines = 20_000;
const listedOverlaps = 5;

/**
 * Merges line by line, as git does: what one side changed and the other left alone is taken, what both changed alike is
 * taken once, and what both changed differently is a problem, named by the lines it has in the target.
 */
export async function mergeTexts(base: string, source: string, target: string): Promise<MergedText> {
  const [baseLines, sourceLines, targetLines] = [base, source, target].map(splitTextLines) as [
    string[],
    string[],
    string[],
  ];
  if (Math.max(baseLines.length, sourceLines.length, targetLines.length) > maxMergedLines)
    return { problem: 'too long to merge' };
  const { diff3Merge } = await import('node-diff3');
  const merged: string[] = [];
  const overlaps: string[] = [];
  for (const { ok, conflict } of diff3Merge(sourceLines, baseLines, targetLines)) {
    if (ok !== undefined) merged.push(...ok);
    if (conflict === undefined) continue;
    const first = conflict.bIndex + 1;
    const last = conflict.bIndex + Math.max(conflict.b.length, 1);
    overlaps.push(first === last ? String(first) : `${first}-${last}`);
  }
  if (overlaps.length === 0) return { text: merged.join('') };
  const rest = overlaps.length - listedOverlaps;
  const lines = `${overlaps.slice(0, listedOverlaps).join(', ')}${rest > 0 ? ` and ${rest} more places` : ''}`;
  const only = overlaps.length === 1 && !lines.includes('-');
  return { problem: `both sides changed ${only ? 'line' : 'lines'} ${lines} of the target's copy` };
}

/** The text of bytes that a merge can work on; null for binary content, other encodings, and what is too large. */
export function mergeableText(bytes: Uint8Array): string | null {
  return bytes.byteLength > maxMergedBytes || isBinary(bytes) ? null : decodeUtf8(bytes);
}
