import { FlowgitError } from '../errors.js';
import type { PushBase, Remote } from '../git/types.js';
import type { BatchEffect, CommitEffect, StateAfter } from '../plan/prepared-plan.js';
import { recordSyncState, type SyncState } from '../plan/sync-state.js';
import type { AppliedChange, Batch, Scope } from '../storage/types.js';
import type { RunContext } from './context.js';

export interface BatchOutcome {
  applied: readonly AppliedChange[];
  /** The scope's version afterwards; null when that is not known for certain. */
  version: string | null;
}

/** Writes what a sync plans, in one batch together with the sync state. */
export async function applyBatchEffect(
  context: RunContext,
  effect: BatchEffect,
  { state, commit, at }: { state: SyncState; commit: string; at: { scope: Scope; version: string } | null },
): Promise<BatchOutcome> {
  const { identity, resources } = effect.state;
  const record = recordSyncState(state, identity, commit, resources);
  const changes = [...effect.changes, ...(record === null ? [] : [record])];
  if (changes.length === 0) return { applied: [], version: at?.version ?? null };
  return applyBatch(context, { changes }, at);
}

/** Commits and pushes what a push plans, and records the sync state. The commit is null when there was nothing to do. */
export async function applyCommitEffect(
  context: RunContext,
  effect: CommitEffect,
  { state, remote, base }: { state: SyncState; remote: Remote; base: PushBase },
): Promise<string | null> {
  const { changes, message, author } = effect;
  if (changes.length === 0) {
    context.logger.info({ branch: base.branch }, 'nothing to commit');
    await remember(context, effect.state, state, base.snapshot?.commit ?? null);
    return null;
  }
  const committer = { ...author, timestamp: Math.floor(context.clock().getTime() / 1000) };
  const { commit, remoteMessages } = await remote.push(base, { changes, message, author, committer });
  for (const line of remoteMessages) context.logger.info({ remote: line }, 'the remote says');
  await remember(context, effect.state, state, commit);
  return commit;
}

async function applyBatch(
  { storage, signal }: RunContext,
  batch: Batch,
  at: { scope: Scope; version: string } | null,
): Promise<BatchOutcome> {
  if (at !== null && storage.applyAt !== undefined) return storage.applyAt(batch, at, { signal });
  return { applied: await storage.apply(batch, { signal }), version: null };
}

/** Once the push stands, a state that cannot be written costs the next run some reading, and nothing else. */
async function remember(
  context: RunContext,
  { identity, resources }: StateAfter,
  state: SyncState,
  commit: string | null,
): Promise<void> {
  const record = recordSyncState(state, identity, commit, resources);
  if (record === null) return;
  try {
    await context.storage.apply({ changes: [record] });
  } catch (error) {
    if (!(error instanceof FlowgitError)) throw error;
    context.logger.warn(
      { code: error.code, error: error.message },
      'the push stands, but its state was not recorded',
    );
  }
}
