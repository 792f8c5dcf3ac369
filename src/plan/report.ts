import type { PlanChange } from '../../schemas/plan.js';
import { joinLines, TextBytes } from './sorted-lines.js';

/** JSON Lines, one row per line with a newline at its end. */
export function jsonLines<T>(items: readonly T[], rowOf: (item: T) => object): Buffer {
  return joinLines(items, (item) => JSON.stringify(rowOf(item)));
}

/** Rows are rewritten in portions of about this size: all of them may be many megabytes. */
const portionBytes = 128 * 1024;

/** The rows that the next run reports when nothing changes: what was deleted is gone, all else is `UNCHANGED`. */
export function settledRows(rows: Buffer): Buffer {
  const settled = new TextBytes();
  for (let start = 0; start < rows.length; ) {
    const newline = rows.indexOf(10, Math.min(rows.length, start + portionBytes));
    const end = newline === -1 ? rows.length : newline + 1;
    settled.append(settle(rows.toString('utf8', start, end)), rows.length / end);
    start = end;
  }
  return settled.bytes;
}

function settle(rows: string): string {
  // A quotation mark inside a JSON text is escaped, so that these can only be the row's own property. U+2028, which ends
  // a line for `^` and `.`, is not.
  const kept = rows.includes('"syncState":"DELETED"')
    ? rows.replace(/(?<![^\n])[^\n]*"syncState":"DELETED"[^\n]*\n/g, '')
    : rows;
  return kept.replace(/"syncState":"[A-Z]+"/g, '"syncState":"UNCHANGED"').replaceAll(',"merged":true', '');
}

/** A pushed file in the shape Kestra's push tasks give it: the counts are strings with their sign. */
export function pushRow(change: PlanChange) {
  return {
    file: change.gitPath,
    action: change.state,
    additions: `+${change.additions}`,
    deletions: `-${change.deletions}`,
    changes: String(change.replaced),
  };
}

/** What a row says beside its state: why, both sides of a conflict, and that it was merged. */
export function remarks({ note, hunks, merged }: PlanChange) {
  return {
    ...(note !== null && { note }),
    ...(hunks !== undefined && { hunks }),
    ...(merged && { merged }),
  };
}

/** `main@sha1:<commit>`; null without a commit. */
export function formatRevision(revision: string, commit: string | null): string | null {
  return commit === null ? null : `${revision}@sha1:${commit}`;
}
