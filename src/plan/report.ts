import type { PlanChange } from '../../schemas/plan.js';
import { joinLines } from './sorted-lines.js';

/** JSON Lines, one row per line with a newline at its end. */
export function jsonLines<T>(items: readonly T[], rowOf: (item: T) => object): Buffer {
  return joinLines(items, (item) => JSON.stringify(rowOf(item)));
}

/** What a sync reports, a row per change, as JSON Lines. */
export interface SyncRows {
  /** Made when somebody looks: the rows of most runs nobody reads. */
  reported: Iterable<Uint8Array>;
  /** What the next run reports when nothing changes: what was deleted is gone, all else `UNCHANGED` or still `INVALID`. */
  settled(): Buffer;
}

/** What a row can tell of a change. */
export type ReportedChange = Pick<PlanChange, 'state' | 'key' | 'gitPath' | 'note' | 'hunks' | 'merged'>;

export function syncRows(
  changes: readonly PlanChange[],
  rowOf: (change: ReportedChange) => object,
): SyncRows {
  return {
    reported: {
      *[Symbol.iterator]() {
        yield jsonLines(changes, rowOf);
      },
    },
    settled() {
      const left = changes.filter(({ state }) => state !== 'DELETED');
      return jsonLines(left, (change) => rowOf(settledChange(change)));
    },
  };
}

function settledChange({ state, key, gitPath, note, hunks }: ReportedChange): ReportedChange {
  return { state: state === 'INVALID' ? state : 'UNCHANGED', key, gitPath, note, hunks };
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
export function remarks({ note, hunks, merged }: Pick<PlanChange, 'note' | 'hunks' | 'merged'>) {
  if (note === null && hunks === undefined && merged !== true) return null;
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
