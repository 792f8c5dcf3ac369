import type { PlanChange } from '../../schemas/plan.js';

/** JSON Lines, one row per line with a newline at its end. */
export function jsonLines(rows: readonly object[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
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

/** `main@sha1:<commit>`; null without a commit. */
export function formatRevision(revision: string, commit: string | null): string | null {
  return commit === null ? null : `${revision}@sha1:${commit}`;
}
