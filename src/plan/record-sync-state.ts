import type { Revision } from '../git/types.js';
import type { StorageChange } from '../storage/types.js';
import { type CommitTable, indexOfCommit, type SyncedCommit, usedCommits } from './commit-table.js';
import { joinLines, type SortedLines } from './sorted-lines.js';
import {
  formatStateLine,
  identityFields,
  type SyncedResource,
  type SyncIdentity,
  type SyncState,
  stateKey,
} from './sync-state.js';

/** What is recorded beside the resources. */
export interface RecordedRun {
  /** The commit with its author and time, for what it brought. */
  origin?: SyncedCommit | null | undefined;
  /** Which commit was asked for. */
  reads?: Revision | undefined;
}

/** The change that records a run, or null when storage already says exactly that. */
export function recordSyncState(
  state: SyncState,
  identity: SyncIdentity,
  commit: string | null,
  resources: readonly SyncedResource[],
  run: RecordedRun = {},
): StorageChange | null {
  const sorted = sortedByPath(resources);
  const { table, index } = indexOfCommit(state.commits, run.origin ?? null);
  const former = state.bytes === null ? null : state.byPath;
  const originOf = ({ gitPath, gitOid }: SyncedResource): number | undefined => {
    const before = former?.get(gitPath);
    // The same bytes at the same place came with an earlier commit.
    return before?.gitOid === gitOid ? (before.origin ?? index) : index;
  };
  const used = new Set<number>();
  for (const resource of former === null ? sorted.slice(0, 1) : sorted) {
    const origin = originOf(resource);
    if (origin !== undefined) used.add(origin);
  }
  const record = (commits: CommitTable): StorageChange | null => {
    const first = firstLine(identity, commit, commits, run.reads);
    return recordContent(
      state,
      joinLines(sorted, (resource) => formatStateLine(resource, originOf(resource)), first),
    );
  };
  const swept = usedCommits(table, used);
  // Commits that a shortened run left in the table are no reason to write a record that says the same.
  const isSwept = state.commit === commit && Object.keys(swept).length < Object.keys(table).length;
  return isSwept && record(table) === null ? null : record(swept);
}

/** Mostly they are sorted already, or nearly. */
function sortedByPath(resources: readonly SyncedResource[]): readonly SyncedResource[] {
  const isSorted = resources.every(
    ({ gitPath }, at) => at === 0 || (resources[at - 1]?.gitPath ?? '') <= gitPath,
  );
  if (isSorted) return resources;
  return [...resources].sort((a, b) => (a.gitPath < b.gitPath ? -1 : a.gitPath > b.gitPath ? 1 : 0));
}

/** As `recordSyncState`, for lines that stand already. */
export function recordStateLines(
  state: SyncState,
  identity: SyncIdentity,
  commit: string | null,
  lines: SortedLines,
  { table = state.commits, reads }: { table?: CommitTable; reads?: Revision | undefined } = {},
): StorageChange | null {
  const first = firstLine(identity, commit, table, reads);
  return recordContent(state, Buffer.concat([Buffer.from(`${first}\n`), lines.bytes]));
}

function recordContent(state: SyncState, content: Uint8Array): StorageChange | null {
  if (state.bytes !== null && Buffer.compare(state.bytes, content) === 0) return null;
  return { action: 'put', key: stateKey(state.id), content, expectedOid: state.storedOid };
}

function firstLine(
  identity: SyncIdentity,
  commit: string | null,
  commits: CommitTable,
  reads: Revision | undefined,
): string {
  return JSON.stringify({ version: 2, sync: identityFields(identity), commit, reads, commits });
}
