import type { PlanDocument } from '../../schemas/plan.js';
import { FlowgitError } from '../errors.js';
import type { PushBase, Remote, Snapshot } from '../git/types.js';
import { forgetGone, goneAfter } from '../plan/forget-gone.js';
import type { BatchEffect, CommitEffect, StateAfter } from '../plan/prepared-plan.js';
import { recordSyncState } from '../plan/record-sync-state.js';
import type { SyncState } from '../plan/sync-state.js';
import { applyOrUndo } from '../storage/apply-or-undo.js';
import type { AppliedChange, Batch, Scope, StorageChange } from '../storage/types.js';
import type { RunContext } from './context.js';
import { describeCommit } from './describe-commit.js';
import { recordRecovery, recordSuccess } from './record-runs.js';
import type { Sign } from './signer.js';

export interface BatchOutcome {
  applied: readonly AppliedChange[];
  /** The scope's version afterwards; null when that is not known for certain. */
  version: string | null;
}

/** Writes what a sync plans, in one batch together with the sync state. */
export async function applyBatchEffect(
  context: RunContext,
  effect: BatchEffect,
  {
    state,
    commit,
    at,
    plan,
  }: {
    state: SyncState;
    commit: string;
    at: { scope: Scope; version: string } | null;
    plan: PlanDocument;
  },
): Promise<BatchOutcome> {
  const { identity, resources, origin, reads } = effect.state;
  const record = await recordSyncState(state, identity, commit, resources, { origin, reads });
  const gone = goneAfter({ changes: plan.changes, before: state, after: resources });
  const forgotten = await forgetGone(context.storage, identity, gone);
  const changes = [...effect.changes, ...record, ...forgotten];
  const isIdle = changes.length === 0;
  const run = await (isIdle ? recordRecovery : recordSuccess)(context, identity, plan, commit);
  if (run === null) return { applied: [], version: at?.version ?? null };
  changes.push(run);
  return applyBatch(context, { changes }, at);
}

/** Commits and pushes what a push plans, and records the sync state. The commit is null when there was nothing to do. */
export async function applyCommitEffect(
  context: RunContext,
  effect: CommitEffect,
  {
    state,
    remote,
    base,
    sign,
    plan,
  }: { state: SyncState; remote: Remote; base: PushBase; sign: Sign | undefined; plan: PlanDocument },
): Promise<string | null> {
  const { changes, message, author } = effect;
  const record = (snapshot: Pick<Snapshot, 'commit' | 'describe'> | null) =>
    recordPush(context, { state, after: effect.state, changes: plan.changes }, snapshot);
  if (changes.length === 0) {
    const { branch, snapshot } = base;
    context.logger.info({ branch }, 'nothing to commit');
    await remember(context, effect.state, record(snapshot), { plan, commit: snapshot?.commit ?? null });
    return null;
  }
  const committer = { ...author, timestamp: Math.floor(context.clock().getTime() / 1000) };
  const described = { author: { ...author, timestamp: committer.timestamp }, message };
  const recordOf = (commit: string | null) =>
    record(commit === null ? null : { commit, describe: async () => described });
  let early: Promise<StorageChange[]> | undefined;
  const onSent = (commit: string): void => {
    early = recordOf(commit);
    // Of no interest unless the push stands.
    early.catch(() => {});
  };
  const request = { changes, message, author, committer, sign, onSent };
  const { commit, remoteMessages } = await remote.push(base, request);
  for (const line of remoteMessages) context.logger.info({ remote: line }, 'the remote says');
  await remember(context, effect.state, early ?? recordOf(commit), { plan, commit });
  return commit;
}

async function applyBatch(
  { storage, signal }: RunContext,
  batch: Batch,
  at: { scope: Scope; version: string } | null,
): Promise<BatchOutcome> {
  if (at !== null && storage.applyAt !== undefined && storage.atomic !== false)
    return storage.applyAt(batch, at, { signal });
  return { applied: await applyOrUndo(storage, batch, { signal }), version: null };
}

/** The changes that record what both sides have in common once the push stands. */
async function recordPush(
  { storage }: RunContext,
  { state, after, changes }: { state: SyncState; after: StateAfter; changes: PlanDocument['changes'] },
  snapshot: Pick<Snapshot, 'commit' | 'describe'> | null,
): Promise<StorageChange[]> {
  const { identity, resources } = after;
  const origin = snapshot === null ? null : await describeCommit(snapshot);
  const reads = { branch: identity.revision };
  const commit = snapshot?.commit ?? null;
  const record = await recordSyncState(state, identity, commit, resources, { origin, reads });
  const gone = goneAfter({ changes, before: state, after: resources });
  return [...record, ...(await forgetGone(storage, identity, gone))];
}

/** Once the push stands, a state that cannot be written costs the next run some reading, and nothing else. */
async function remember(
  context: RunContext,
  { identity }: StateAfter,
  recording: Promise<StorageChange[]>,
  { plan, commit }: { plan: PlanDocument; commit: string | null },
): Promise<void> {
  try {
    const record = await recording;
    const run = await (record.length === 0 ? recordRecovery : recordSuccess)(context, identity, plan, commit);
    const changes = [...record, ...(run === null ? [] : [run])];
    if (changes.length > 0) await context.storage.apply({ changes });
  } catch (error) {
    if (!(error instanceof FlowgitError)) throw error;
    context.logger.warn(
      { code: error.code, error: error.message },
      'the push stands, but its state was not recorded',
    );
  }
}
