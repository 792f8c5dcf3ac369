import { decodeUtf8, isBinary, lineCount } from '../resources/text.js';

/** Lines of one changed text, as `git diff --numstat` counts them. */
export interface LineCounts {
  additions: number;
  deletions: number;
  /** Lines replaced in place: per edit the smaller of its two counts. */
  replaced: number;
}

const none: LineCounts = { additions: 0, deletions: 0, replaced: 0 };
/** Past this many edits a text counts as rewritten; the exact distance would take minutes. */
const maxEditLength = 20_000;
const timeoutMs = 2000;

/** Counts the lines between two contents; null is absent. Binary content counts no lines, as in git. */
export async function countLines(before: Uint8Array | null, after: Uint8Array | null): Promise<LineCounts> {
  if (before === null || after === null) return countWhole(before, after);
  return isBinary(before) || isBinary(after) ? none : compareLines(before, after);
}

/** As `countLines`, where one of the two is absent: there is nothing to compare, and nothing to wait for. */
export function countWhole(before: Uint8Array | null, after: Uint8Array | null): LineCounts {
  return { additions: linesIn(after), deletions: linesIn(before), replaced: 0 };
}

function linesIn(bytes: Uint8Array | null): number {
  return bytes === null ? 0 : (lineCount(bytes) ?? 0);
}

/** Says that texts will be compared: what that takes is loaded. A failure comes out of the comparison. */
export function expectComparison(): void {
  import('diff').catch(() => {});
}

async function compareLines(before: Uint8Array, after: Uint8Array): Promise<LineCounts> {
  const { diffArrays } = await import('diff');
  const [oldLines, newLines] = [splitLines(before), splitLines(after)];
  const parts = diffArrays(oldLines, newLines, { maxEditLength, timeout: timeoutMs });
  if (parts === undefined) {
    return {
      additions: newLines.length,
      deletions: oldLines.length,
      replaced: Math.min(oldLines.length, newLines.length),
    };
  }
  const counts = { ...none };
  let added = 0;
  let removed = 0;
  for (const part of [...parts, null]) {
    if (part?.added) added += part.value.length;
    else if (part?.removed) removed += part.value.length;
    else {
      counts.additions += added;
      counts.deletions += removed;
      counts.replaced += Math.min(added, removed);
      added = removed = 0;
    }
  }
  return counts;
}

/** A unified diff with git's header lines; `''` when both are the same. */
export async function unifiedDiff(
  path: string,
  before: Uint8Array | null,
  after: Uint8Array | null,
): Promise<string> {
  if (before !== null && after !== null && Buffer.compare(before, after) === 0) return '';
  const [from, to] = [
    before === null ? '/dev/null' : `a/${path}`,
    after === null ? '/dev/null' : `b/${path}`,
  ];
  const [old, now] = [textOf(before), textOf(after)];
  if (old === null || now === null) {
    return `Binary files ${from} and ${to} differ\n`;
  }
  const { createTwoFilesPatch } = await import('diff');
  const patch = createTwoFilesPatch(from, to, old, now, undefined, undefined, {
    context: 3,
    timeout: timeoutMs,
    maxEditLength,
  });
  if (patch === undefined) return `--- ${from}\n+++ ${to}\n(too different to show line by line)\n`;
  return patch.replace(/^=+\n/, '');
}

/** Null for bytes that a patch in UTF-8 cannot hold. */
function textOf(bytes: Uint8Array | null): string | null {
  if (bytes === null) return '';
  return isBinary(bytes) ? null : decodeUtf8(bytes);
}

/** Lines with their ends, so that a missing final newline is a difference. */
function splitLines(bytes: Uint8Array): string[] {
  return splitTextLines(Buffer.from(bytes).toString('latin1'));
}

/** As `splitLines`, of a text. */
export function splitTextLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}
