import type { Revision } from '../git/types.js';
import type { StorageChange } from '../storage/types.js';
import { type CommitTable, indexOfCommit, type SyncedCommit, usedCommits } from './commit-table.js';
import { replaceLines } from './pages/rewrite-lines.js';
import type { RewrittenLines } from './pages/settle-pages.js';
import { formatStateLine } from './state-line.js';
import {
  identityFields,
  type OpenState,
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

/** The changes that record a run: none when storage already says exactly that. */
export async function recordSyncState(
  state: SyncState,
  identity: SyncIdentity,
  commit: string | null,
  resources: readonly SyncedResource[],
  run: RecordedRun = {},
): Promise<StorageChange[]> {
  const sorted = sortedByPath(resources);
  const { table, index } = indexOfCommit(state.commits, run.origin ?? null);
  const former = state.bytes === null ? null : state.byPath;
  const originOf = ({ gitPath, gitOid }: SyncedResource): number | undefined => {
    if (former === null) return index;
    const before = former.get(gitPath);
    // The same bytes at the same place came with an earlier commit.
    return before?.gitOid === gitOid ? (before.origin ?? index) : index;
  };
  const used = new Set<number>();
  for (const resource of former === null ? sorted.slice(0, 1) : sorted) {
    const origin = originOf(resource);
    if (origin !== undefined) used.add(origin);
  }
  const lines = await replaceLines(state.lines, sorted, {
    keyOf: ({ gitPath }) => gitPath,
    lineOf: (resource) => formatStateLine(resource, originOf(resource)),
  });
  const record = (commits: CommitTable) =>
    recordLines(state, identity, lines, { commit, commits, reads: run.reads });
  const swept = usedCommits(table, used);
  // Commits that a shortened run left in the table are no reason to write a record that says the same.
  const isSwept = state.commit === commit && Object.keys(swept).length < Object.keys(table).length;
  return isSwept && record(table).length === 0 ? [] : record(swept);
}

/** Mostly they are sorted already, or nearly. */
function sortedByPath(resources: readonly SyncedResource[]): readonly SyncedResource[] {
  let latest = '';
  for (const { gitPath } of resources) {
    if (gitPath < latest)
      return [...resources].sort((a, b) => (a.gitPath < b.gitPath ? -1 : a.gitPath > b.gitPath ? 1 : 0));
    latest = gitPath;
  }
  return resources;
}

/** As `recordSyncState`, for lines that stand already. */
export function recordLines(
  state: OpenState,
  identity: SyncIdentity,
  { tail, paged, changes }: RewrittenLines,
  { commit, commits, reads }: { commit: string | null; commits: CommitTable; reads?: Revision | undefined },
): StorageChange[] {
  const version = paged ? 3 : 2;
  const first = JSON.stringify({ version, sync: identityFields(identity), commit, reads, commits });
  const content = Buffer.concat([Buffer.from(`${first}\n`), tail]);
  const isSame = state.bytes !== null && Buffer.compare(state.bytes, content) === 0;
  if (isSame) return changes;
  const key = stateKey(state.id);
  return [...changes, { action: 'put', key, content, expectedOid: state.storedOid, frozen: true }];
}
