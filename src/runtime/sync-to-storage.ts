import type { PlanEndpoint } from '../../schemas/plan.js';
import { StorageConflictError } from '../errors.js';
import type { Snapshot } from '../git/types.js';
import type { ComparedChange, CurrentResource, DesiredResource, HeldResource } from '../plan/compare.js';
import { isChange, makePlan, type StagedPlan } from '../plan/make-plan.js';
import { formatRevision, jsonLines } from '../plan/report.js';
import {
  recordSyncState,
  type SyncedResource,
  type SyncIdentity,
  type SyncState,
} from '../plan/sync-state.js';
import { planTransfer, type TransferPolicy } from '../plan/transfer.js';
import { formatKey, type Scope, type StorageChange, type StoredEntry } from '../storage/types.js';
import type { RunContext } from './context.js';
import { settle } from './settle.js';

/** What a sync task found out before comparing. */
export interface SyncInput {
  task: string;
  policy: TransferPolicy & { dryRun: boolean };
  identity: SyncIdentity;
  state: SyncState;
  scope: Scope & { kind: SyncIdentity['kind'] };
  snapshot: Snapshot;
  stored: readonly StoredEntry[];
  /** Where a stored resource stands, or would stand, in git. */
  gitPathOf(resource: StoredEntry): string;
  desired: readonly DesiredResource[];
  held: readonly HeldResource[];
  mayDelete?: (resource: CurrentResource) => boolean;
  /** Contents to write, by the blob id they have in storage. */
  read(changes: readonly ComparedChange[]): Promise<ReadonlyMap<string, Uint8Array>>;
}

export interface SyncResult {
  plan: StagedPlan;
  /** The revision of every resource after the run, by `formatKey`; on a dry run, what it would be. */
  revisions: ReadonlyMap<string, number>;
}

/** Plans a sync and, unless it is a dry run, applies it in one batch together with the sync state. */
export async function syncToStorage(context: RunContext, input: SyncInput): Promise<SyncResult> {
  const current = input.stored.map((entry) => ({
    key: entry.key,
    gitPath: input.state.byKey.get(formatKey(entry.key))?.gitPath ?? input.gitPathOf(entry),
    oid: entry.oid,
  }));
  const { source, target } = syncEndpoints(context, input);
  const changes = planTransfer({
    ...input,
    current,
    target: 'storage',
    ...syncNames(input),
  });
  const plan = await makePlan({
    direction: 'SYNC',
    task: input.task,
    source,
    target,
    changes,
    readAfter: input.read,
    readBefore: (wanted) => readStored(context, wanted, 'before'),
  });
  const applied = await settle(context, plan, input.policy.dryRun, () => apply(context, plan, input));
  return { plan, revisions: applied ?? expectedRevisions(plan, input.stored) };
}

/** The two sides of a sync, as its plan names them. */
export function syncEndpoints(
  context: RunContext,
  { identity, scope, snapshot }: Pick<SyncInput, 'identity' | 'scope' | 'snapshot'>,
): { source: PlanEndpoint; target: PlanEndpoint } {
  const { url, directory, revision } = identity;
  const { kind, namespace, children } = scope;
  const { location } = context.storage;
  return {
    source: { kind: 'git', url, revision, commit: snapshot.commit, directory },
    target: { kind: 'storage', location, resource: kind, namespace, children },
  };
}

/** The two sides of a sync, as messages name them. */
export function syncNames({ identity, scope, snapshot }: Pick<SyncInput, 'identity' | 'scope' | 'snapshot'>) {
  const { url, directory, revision } = identity;
  return {
    sourceName: `"${directory || '.'}" of ${url} at ${formatRevision(revision, snapshot.commit.slice(0, 10))}`,
    targetName: `namespace ${scope.namespace}${scope.children ? ' and below' : ''} (${scope.kind}s)`,
  };
}

/** Runs a sync again from its reading on when storage changed under it; the third conflict in a row is the caller's. */
export async function retryOnConflict<T>(sync: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await sync();
    } catch (error) {
      if (!(error instanceof StorageConflictError) || attempt === 3) throw error;
    }
  }
}

/** Writes the rows of a run where its outputs live, and returns the URI. */
export function writeRows(
  context: RunContext,
  name: string,
  rows: readonly object[] | Uint8Array,
): Promise<string> {
  const content = rows instanceof Uint8Array ? Buffer.from(rows).toString() : jsonLines(rows);
  return context.outputFiles.write(`${name}.jsonl`, content);
}

/**
 * The contents that storage has for the changes, by blob id: as the target's present state (`before`) or as the source's
 * (`after`).
 * @throws StorageConflictError when a resource is not what it was when it was listed
 */
export async function readStored(
  context: RunContext,
  changes: readonly ComparedChange[],
  side: 'before' | 'after',
): Promise<ReadonlyMap<string, Uint8Array>> {
  const byOid = new Map<string, Uint8Array>();
  if (changes.length === 0) return byOid;
  const keys = changes.map((change) => change.key);
  const contents = await context.storage.read(keys, { signal: context.signal });
  changes.forEach((change, index) => {
    const content = contents[index] ?? null;
    if (content === null || content.oid !== change[side]) {
      throw new StorageConflictError(`${formatKey(change.key)} changed while the run was planned.`, {
        hint: 'Run it again.',
      });
    }
    byOid.set(content.oid, content.content);
  });
  return byOid;
}

/** The plan as a batch for the storage, each change with what it expects to replace. */
export function changesToApply(plan: StagedPlan): StorageChange[] {
  return plan.document.changes.filter(isChange).map((change): StorageChange => {
    if (change.state === 'DELETED') {
      return { action: 'delete', key: change.key, expectedOid: change.before ?? '' };
    }
    return { action: 'put', key: change.key, content: plan.contentAfter(change), expectedOid: change.before };
  });
}

async function apply(context: RunContext, plan: StagedPlan, input: SyncInput): Promise<Map<string, number>> {
  const changes = changesToApply(plan);
  const record = recordSyncState(
    input.state,
    input.identity,
    input.snapshot.commit,
    syncedAfter(plan, input),
  );
  const batch = record === null ? changes : [...changes, record];
  const revisions = new Map(input.stored.map((entry) => [formatKey(entry.key), entry.revision]));
  if (batch.length === 0) return revisions;
  const applied = await context.storage.apply({ changes: batch }, { signal: context.signal });
  for (const change of applied) {
    if (change.oid !== null) revisions.set(formatKey(change.key), change.revision);
  }
  return revisions;
}

/**
 * What both sides have after the run. What the run left alone keeps its old record, so that it stays owned and its
 * next difference is still measured from the last time both sides agreed.
 */
function syncedAfter(plan: StagedPlan, input: SyncInput): SyncedResource[] {
  const desired = new Map(input.desired.map((resource) => [formatKey(resource.key), resource]));
  const stillThere = new Set(input.stored.map((entry) => formatKey(entry.key)));
  const synced = new Map<string, SyncedResource>();
  for (const [name, resource] of input.state.byKey) if (stillThere.has(name)) synced.set(name, resource);
  for (const change of plan.document.changes) {
    const name = formatKey(change.key);
    const wanted = desired.get(name);
    if (change.state === 'DELETED') synced.delete(name);
    else if (wanted !== undefined && change.after === wanted.oid) {
      synced.set(name, {
        gitPath: wanted.gitPath,
        key: wanted.key,
        gitOid: wanted.sourceOid,
        storedOid: wanted.oid,
      });
    }
  }
  return [...synced.values()];
}

function expectedRevisions(plan: StagedPlan, stored: readonly StoredEntry[]): Map<string, number> {
  const revisions = new Map(stored.map((entry) => [formatKey(entry.key), entry.revision]));
  for (const change of plan.document.changes) {
    const name = formatKey(change.key);
    if (isChange(change) && change.state !== 'DELETED') revisions.set(name, (revisions.get(name) ?? 0) + 1);
  }
  return revisions;
}
