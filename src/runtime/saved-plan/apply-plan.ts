import type { PlanDocument } from '../../../schemas/plan.js';
import type { SavedPlan, SavedTask } from '../../../schemas/saved-plan.js';
import {
  CancelledError,
  PartiallyAppliedError,
  PushRejectedError,
  reportError,
  StorageConflictError,
} from '../../errors.js';
import { commitUrl } from '../../git/commit-url.js';
import type { PushBase, Remote } from '../../git/types.js';
import type { BatchEffect, CommitEffect } from '../../plan/prepared-plan.js';
import { readSyncState } from '../../plan/read-sync-state.js';
import { restoreContent } from '../../plan/saved-content.js';
import { applyBatchEffect, applyCommitEffect } from '../apply-effect.js';
import { connect } from '../connect.js';
import type { RunContext } from '../context.js';
import { type Sign, signerOf } from '../signer.js';
import { type CheckedBasis, checkBasis, checkLocation, stale } from './check-basis.js';
import { reconnectContext, restoreConnection } from './connection.js';
import { readPlan } from './read-plan.js';

/** What became of the plan of one task. */
export interface AppliedTask {
  taskId: string;
  plan: PlanDocument;
  /** The commit that was pushed; null for a sync, and when there was nothing to commit. */
  commitId: string | null;
  commitURL: string | null;
}

/**
 * Applies a saved plan, given as a value or as the text of its file: every precondition of every task first, then
 * exactly what the plan shows.
 * @throws InvalidPlanError, StalePlanError: nothing was written
 * @throws PartiallyAppliedError when a later task of the plan fails after an earlier one was applied
 */
export async function applyPlan(plan: unknown, context: RunContext): Promise<AppliedTask[]> {
  const saved = readPlan(plan);
  return withChecked(saved, context, async (checked, inside) => {
    const tasks = await confirmAll(inside, checked);
    const { signal } = context;
    if (signal.aborted) {
      throw new CancelledError('Applying the plan was cancelled. Nothing was written.', {
        cause: signal.reason,
      });
    }
    const applied: AppliedTask[] = [];
    for (const task of tasks) {
      try {
        applied.push(await applyTask(inside, task, applied));
      } catch (error) {
        throw describe(error, task.task, applied);
      }
    }
    return applied;
  });
}

/**
 * Whether a saved plan could be applied now; writes nothing.
 * @throws InvalidPlanError, StalePlanError
 */
export async function checkPlan(plan: unknown, context: RunContext): Promise<SavedPlan> {
  const saved = readPlan(plan);
  await withChecked(saved, context, async () => {});
  return saved;
}

interface CheckedTask extends CheckedBasis {
  task: SavedTask;
  remote: Remote;
  sign: Sign | undefined;
}

async function withChecked<T>(
  saved: SavedPlan,
  context: RunContext,
  use: (tasks: readonly CheckedTask[], context: RunContext) => Promise<T>,
): Promise<T> {
  checkLocation(saved.storage, context);
  const inside = reconnectContext(context, saved.flow);
  const remotes: Remote[] = [];
  try {
    const tasks: CheckedTask[] = [];
    for (const task of saved.tasks) {
      const connection = await restoreConnection(inside, task.connection);
      const sign = await signerOf(connection);
      const remote = await connect(inside, connection);
      remotes.push(remote);
      tasks.push({ task, remote, sign, ...(await checkBasis(inside, task, remote)) });
    }
    return await use(tasks, inside);
  } finally {
    for (const remote of remotes) await remote.close();
  }
}

/** Somebody may take long to answer: what was checked before is checked again. */
async function confirmAll(
  context: RunContext,
  tasks: readonly CheckedTask[],
): Promise<readonly CheckedTask[]> {
  const { confirm } = context;
  if (confirm === undefined) return tasks;
  for (const { task } of tasks) await confirm(task.plan);
  const again: CheckedTask[] = [];
  for (const one of tasks) again.push({ ...one, ...(await checkBasis(context, one.task, one.remote)) });
  return again;
}

async function applyTask(
  context: RunContext,
  { task, remote, sign, base, at }: CheckedTask,
  earlier: readonly AppliedTask[],
): Promise<AppliedTask> {
  const { effect, basis, plan, taskId } = task;
  const state = await readSyncState(context.storage, effect.state.identity);
  if (effect.kind === 'batch') {
    await applyBatchEffect(context, restoreBatch(effect), {
      state,
      commit: basis.git.commit ?? '',
      at,
      plan,
    });
    return { taskId, plan, commitId: null, commitURL: null };
  }
  if (base === null) throw new Error('A push needs something to build upon.');
  const current = await followOwnPush(remote, base, task, earlier);
  const commitId = await applyCommitEffect(context, restoreCommit(effect), {
    state,
    remote,
    base: current,
    sign,
    plan,
  });
  return { taskId, plan, commitId, commitURL: commitId === null ? null : commitUrl(remote.url, commitId) };
}

/** Where an earlier task of this plan pushed to the same branch, the next commit stands upon that one. */
async function followOwnPush(
  remote: Remote,
  base: PushBase,
  task: SavedTask,
  earlier: readonly AppliedTask[],
): Promise<PushBase> {
  const own = earlier.findLast(
    ({ plan: { target }, commitId }) =>
      commitId !== null &&
      target.kind === 'git' &&
      target.url === remote.url &&
      target.revision === base.branch,
  );
  if (own === undefined) return base;
  const path = task.effect.state.identity.directory;
  const moved = await remote.openForPush(base.branch, { path, contents: 'none' });
  if (moved.tip !== own.commitId) throw stale(task.taskId, `branch "${base.branch}" of ${remote.url} moved`);
  return moved;
}

function restoreBatch(effect: SavedTask['effect'] & { kind: 'batch' }): BatchEffect {
  return {
    ...effect,
    changes: effect.changes.map((change) =>
      change.action === 'put' ? { ...change, content: restoreContent(change.content) } : change,
    ),
  };
}

function restoreCommit(effect: SavedTask['effect'] & { kind: 'commit' }): CommitEffect {
  return {
    ...effect,
    changes: effect.changes.map((change) => ({
      ...change,
      content: change.content === null ? null : restoreContent(change.content),
    })),
  };
}

/** A change that came between the check and the writing makes the plan stale; after a first task it is told what stands. */
function describe(error: unknown, task: SavedTask, applied: readonly AppliedTask[]): unknown {
  const raced = error instanceof StorageConflictError || (error instanceof PushRejectedError && error.race);
  if (applied.length === 0) return raced ? stale(task.taskId, 'something else was written', error) : error;
  const { message } = reportError(error);
  const done = applied.map(({ taskId, commitId }) =>
    commitId === null ? `"${taskId}"` : `"${taskId}" (commit ${commitId})`,
  );
  return new PartiallyAppliedError(
    `Task "${task.taskId}" failed, when ${done.join(', ')} had been applied, which stands: ${message}`,
    {
      hint: 'Plan again: the new plan has what is left to do.',
      data: { applied: applied.map(({ taskId }) => taskId), failed: task.taskId },
      cause: error,
    },
  );
}
