import type { ErrorReport } from '../../../schemas/error-codes.js';
import { BranchNotFoundError, reportError } from '../../errors.js';
import { throwIfCancelled } from '../../git/cancelled.js';
import type { Remote, Revision, Snapshot } from '../../git/types.js';
import { type Drift, gitDrift, storageDrift } from '../../plan/drift.js';
import type { KnownSync } from '../../plan/known-syncs.js';
import { loadIgnoreRules, relativePath } from '../../plan/load-ignore-rules.js';
import type { RunRecord } from '../../plan/run-records.js';
import type { SyncRecord } from '../../plan/sync-records.js';
import type { SyncIdentity } from '../../plan/sync-state.js';
import { formatKey, type StoredEntry } from '../../storage/types.js';
import type { RunContext } from '../context.js';
import type { Connections } from './connections.js';

/** Where a sync or push stands: as its last run left it, and what changed on either side since. */
export interface SyncStatus {
  id: string;
  sync: SyncIdentity;
  /** Which commit its last run asked for; null where nothing is recorded. */
  reads: Revision | null;
  /** The commit of the last run that wrote something. */
  commit: string | null;
  resources: number;
  /** The last run that left a line, failed or not. */
  lastRun: RunRecord | null;
  /** When the last run that succeeded left a line. */
  lastSuccess: string | null;
  /** Null where nothing is recorded. */
  storage: Drift | null;
  /** Null where nothing is recorded, or the remote was not asked. */
  git: GitStatus | null;
}

export type GitStatus =
  | {
      commit: string;
      drift: Drift;
      /** Where the branch is, when the last run read a commit by its id: a rollback, for instance. */
      branchCommit?: string | undefined;
    }
  | { error: ErrorReport };

/** A remote that does not answer must not keep people waiting. */
const remoteTimeoutMs = 10_000;

/** Compares what is recorded with both sides. A remote that cannot be asked is part of the answer. */
export async function syncStatus(
  known: KnownSync,
  {
    context,
    owned,
    connections,
  }: { context: RunContext; owned: ReadonlySet<string>; connections: Connections | null },
): Promise<SyncStatus> {
  const { id, identity, record, runs } = known;
  return {
    id,
    sync: identity,
    reads: record?.reads ?? null,
    commit: record?.state.commit ?? null,
    resources: record?.state.byKey.size ?? 0,
    lastRun: runs.at(-1) ?? null,
    lastSuccess: runs.findLast(({ outcome }) => outcome === 'SUCCESS')?.at ?? null,
    storage: record === null ? null : await compareStorage(known, record, context, owned),
    git: record === null || connections === null ? null : await askRemote(record, context, connections),
  };
}

/** What some sync brought: for another one it is no addition of somebody's own. */
export function ownedBySyncs(known: readonly KnownSync[]): ReadonlySet<string> {
  return new Set(
    known.flatMap(({ identity, record }) =>
      identity.direction === 'SYNC' && record !== null ? [...record.state.byKey.keys()] : [],
    ),
  );
}

/** Whether anything is otherwise than the last run left it, as far as that is known. */
export function hasDrifted({ storage, git }: SyncStatus): boolean {
  const drifts = [storage, git !== null && 'drift' in git ? git.drift : null];
  return drifts.some((drift) => drift !== null && count(drift) > 0);
}

function count({ changed, added, deleted }: Drift): number {
  return changed.length + added.length + deleted.length;
}

async function compareStorage(
  { runs }: KnownSync,
  { identity, state }: SyncRecord,
  context: RunContext,
  owned: ReadonlySet<string>,
) {
  const { kind, namespace, children, direction } = identity;
  const listed = await context.storage.list({ kind, namespace, children }, { signal: context.signal });
  if (direction === 'PUSH') return storageDrift(state, listed);
  const runners = new Set(runs.map(({ flow }) => flow));
  return storageDrift(state, listed, new Set([...owned, ...runnersAmong(listed, runners)]));
}

/** A sync leaves the flow that runs it as it is: that one was not added since. */
function runnersAmong(listed: readonly StoredEntry[], runners: ReadonlySet<string>): string[] {
  return listed.flatMap(({ key }) =>
    key.kind === 'flow' && runners.has(`${key.namespace}.${key.id}`) ? [formatKey(key)] : [],
  );
}

async function askRemote(
  record: SyncRecord,
  context: RunContext,
  connections: Connections,
): Promise<GitStatus> {
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(remoteTimeoutMs)]);
  const { identity, state, reads } = record;
  try {
    const remote = await connections.to(identity.url, { ...context, signal });
    try {
      const path = identity.directory;
      const snapshot = await remote.openSnapshot(reads, { path, contents: 'none' });
      const { commit } = snapshot;
      const drift =
        commit === state.commit
          ? { changed: [], added: [], deleted: [] }
          : await compareGit(record, snapshot);
      const branchCommit = reads.commit === undefined ? undefined : await tipOf(remote, identity);
      return { commit, drift, ...(branchCommit !== undefined && { branchCommit }) };
    } finally {
      await remote.close();
    }
  } catch (error) {
    throwIfCancelled(context.signal);
    if (!signal.aborted) return { error: reportError(error) };
    const message = `${identity.url} did not answer within ${remoteTimeoutMs / 1000} s.`;
    return { error: { code: 'READ_TIMEOUT', message, hint: null, retryable: true } };
  }
}

/** Undefined when there is no such branch. */
async function tipOf(
  remote: Remote,
  { revision: branch, directory: path }: SyncIdentity,
): Promise<string | undefined> {
  try {
    return (await remote.openSnapshot({ branch }, { path, contents: 'none' })).commit;
  } catch (error) {
    if (error instanceof BranchNotFoundError) return undefined;
    throw error;
  }
}

async function compareGit({ identity, state }: SyncRecord, snapshot: Snapshot): Promise<Drift> {
  const { directory } = identity;
  const entries = (await snapshot.list(directory)) ?? [];
  const ignored = await loadIgnoreRules(snapshot, entries, directory);
  return gitDrift(identity, state, entries, (path) => ignored(relativePath(directory, path)));
}
