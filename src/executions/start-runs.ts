import { randomUUID } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { reportError } from '../errors.js';
import { forgetDeadLetters } from '../queue/dead-letters.js';
import type { RunQueue, RunRequest } from '../queue/types.js';
import type { TaskRegistry } from '../runtime/registry.js';
import { inTransaction } from '../storage/postgres/in-transaction.js';
import type { StartRequest, StartRuns } from '../triggers/types.js';
import { exclusiveKeys } from './exclusive-keys.js';
import type { EngineStorage } from './fenced-storage.js';
import { insertExecutions } from './store.js';

/**
 * Records and queues executions in one transaction: neither is ever there without the other. Many cost little more than
 * one.
 */
export function startingRuns(
  { database, tenant }: Pick<EngineStorage, 'database' | 'tenant'>,
  queue: RunQueue,
  registry: TaskRegistry,
): StartRuns {
  return async (requests) => {
    if (requests.length === 0) return [];
    const wanted = requests.map((request) => ({
      ...request,
      executionId: request.executionId ?? randomUUID(),
    }));
    const { started, needless } = await inTransaction(database, async (tx) => {
      // The first of those with one id.
      const distinct = [
        ...new Map(wanted.toReversed().map((one) => [one.executionId, one])).values(),
      ].reverse();
      const recorded = await insertExecutions(tx, tenant, distinct.map(executionOf));
      const fresh = distinct.filter(({ executionId }) => recorded.has(executionId));
      const runs = fresh
        .filter(({ failure }) => failure === undefined)
        .map((request): RunRequest => {
          const { executionId, flow, coalesceKey, apartMs, startAfter } = request;
          const keys = exclusiveKeys(flow.definition, registry);
          return { executionId, exclusiveKeys: keys, coalesceKey, apartMs, startAfter };
        });
      const queued = await queue.enqueueNew(runs, tx);
      const needless = new Set(runs.map(({ executionId }) => executionId).filter((id) => !queued.has(id)));
      await forget(tx, tenant, [...needless]);
      const replayed = fresh.flatMap(({ executionId, trigger: { type, id } }) =>
        queued.has(executionId) && type === 'replay' && id !== undefined ? [id] : [],
      );
      if (replayed.length > 0) await forgetDeadLetters(tx, tenant, replayed);
      const ids = fresh.map(({ executionId }) => executionId);
      return { started: new Set(ids.filter((id) => !needless.has(id))), needless };
    });
    if (started.size > 0) queue.wake();
    return wanted.map(({ executionId }) => ({
      executionId,
      started: started.delete(executionId),
      ...(needless.has(executionId) && { reason: 'waiting' as const }),
    }));
  };
}

function executionOf(request: StartRequest & { executionId: string }) {
  const { executionId, flow, trigger, inputs, failure } = request;
  return {
    id: executionId,
    namespace: flow.namespace,
    flowId: flow.id,
    flowRevision: flow.revision,
    trigger,
    inputs,
    createdAt: new Date(),
    error: failure === undefined ? null : reportError(failure),
  };
}

/** Undoes the recording of executions that waiting ones make needless. */
async function forget(tx: Kysely<unknown>, tenant: string, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await sql`delete from flowgit.execution where tenant = ${tenant} and id = any(${[...ids]}::text[])`.execute(
    tx,
  );
}
