import type { ErrorCode } from '../../schemas/error-codes.js';
import type { PlanDocument } from '../../schemas/plan.js';
import { FlowgitError, reportError } from '../errors.js';
import { removeReceipt } from '../plan/receipt.js';
import { changesOf, lastRunFailed, recordRun } from '../plan/run-records.js';
import { type SyncIdentity, syncId } from '../plan/sync-state.js';
import type { StorageChange } from '../storage/types.js';
import type { RunContext } from './context.js';

/** The change that records a run which succeeded, for the batch that it writes. */
export function recordSuccess(
  context: RunContext,
  identity: SyncIdentity,
  plan: PlanDocument,
  commit: string | null,
): Promise<StorageChange> {
  return recordRun(
    context.storage,
    { id: syncId(identity), identity },
    {
      ...who(context),
      outcome: 'SUCCESS',
      task: plan.task,
      commit,
      summary: plan.summary,
      ...changesOf(plan),
      error: null,
    },
  );
}

/** As `recordSuccess`, for a run that found nothing to do: it leaves a line when the one before it failed. */
export async function recordRecovery(
  context: RunContext,
  identity: SyncIdentity,
  plan: PlanDocument,
  commit: string | null,
): Promise<StorageChange | null> {
  const failed = await lastRunFailed(context.storage, syncId(identity));
  return failed ? recordSuccess(context, identity, plan, commit) : null;
}

/** A storage that fails is not written to, and who stops a run knows of it. */
const unrecorded: ReadonlySet<ErrorCode> = new Set([
  'STORAGE_CONFLICT',
  'STORAGE_LOCKED',
  'STORAGE_ERROR',
  'CANCELLED',
  'INVALID_PROPERTIES',
]);

/** Runs a task, and records the failure of a real run as far as the storage lets it; the error stays what it is. */
export async function recordFailure<T>(
  context: RunContext,
  { identity, task, dryRun }: { identity: SyncIdentity; task: string; dryRun: boolean },
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!dryRun && error instanceof FlowgitError && !unrecorded.has(error.code) && !context.signal.aborted) {
      await write(context, identity, task, error);
    }
    throw error;
  }
}

async function write(
  context: RunContext,
  identity: SyncIdentity,
  task: string,
  error: FlowgitError,
): Promise<void> {
  try {
    const change = await recordRun(
      context.storage,
      { id: syncId(identity), identity },
      {
        ...who(context),
        outcome: 'FAILED',
        task,
        commit: null,
        summary: null,
        changes: [],
        more: 0,
        error: context.redactor.redactValue(reportError(error)),
      },
    );
    // Without a receipt the next run looks at everything, and tells when it succeeds.
    const receipt = await removeReceipt(context.storage, syncId(identity));
    await context.storage.apply({ changes: [change, ...receipt] });
  } catch (problem) {
    context.logger.debug({ error: reportError(problem).message }, 'the failure was not recorded');
  }
}

function who({ identity, clock }: RunContext) {
  const { namespace, flowId, executionId } = identity;
  return {
    at: clock().toISOString(),
    flow: flowId === '' ? '' : `${namespace}.${flowId}`,
    executionId,
  };
}
