import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import { reportError } from '../errors.js';
import type { Logger } from '../logger.js';
import { forgetDeadLetters } from '../queue/dead-letters.js';
import type { Database } from '../storage/postgres/database.js';
import type { ExecutionState } from './types.js';

/** How long executions are kept after their end, with their task runs, plans and logs; infinite for ever. */
export interface Retention {
  /** Of those that did what they were to do, or were cancelled. */
  endedMs: number;
  /** Of those that failed. */
  failedMs: number;
}

/** Few enough not to hold anybody up, on a disk that is busy. */
const batchSize = 200;
const betweenBatchesMs = 50;
const everyMs = 10 * 60_000;

/** Purges now and then until the returned function is called; the first time a while after the start. */
export function keepPurging(
  database: Database,
  { tenant, retention, logger }: { tenant: string; retention: Retention; logger: Logger },
): () => Promise<void> {
  const stopping = new AbortController();
  let purging: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    purging = purgeExecutions(database, { tenant, retention, signal: stopping.signal }).then(
      (purged) => {
        if (purged > 0) logger.info({ purged }, 'old executions were removed');
      },
      (error: unknown) => logger.warn({ error: reportError(error) }, 'old executions could not be removed'),
    );
  }, everyMs);
  timer.unref();
  return async () => {
    clearInterval(timer);
    stopping.abort();
    await purging;
  };
}

/**
 * Removes executions whose time is over, some at a time, and resolves to how many. One that has not ended stays however
 * old it is. Of several processes one does it, and the others find nothing to do.
 */
export async function purgeExecutions(
  { db }: Database,
  {
    tenant,
    retention,
    now = new Date(),
    signal,
  }: { tenant: string; retention: Retention; now?: Date; signal?: AbortSignal },
): Promise<number> {
  let purged = 0;
  for (;;) {
    const count = await db.transaction().execute((tx) => purgeSome(tx, tenant, retention, now));
    purged += count;
    if (count < batchSize || signal?.aborted === true) return purged;
    await delay(betweenBatchesMs);
  }
}

const failed: readonly ExecutionState[] = ['FAILED'];

async function purgeSome(
  tx: Kysely<unknown>,
  tenant: string,
  { endedMs, failedMs }: Retention,
  now: Date,
): Promise<number> {
  const lock = createHash('sha256').update(`flowgit purge\0${tenant}`).digest().readBigInt64BE();
  const { rows: locks } = await sql<{ mine: boolean }>`
    select pg_try_advisory_xact_lock(${String(lock)}::bigint) as mine`.execute(tx);
  if (locks[0]?.mine !== true) return 0;
  const { rows } = await sql<{ id: string }>`
    delete from flowgit.execution where tenant = ${tenant} and id in (
      select id from flowgit.execution
      where tenant = ${tenant}
        and ended_at < case when state = any(${[...failed]}::text[]) then ${before(now, failedMs)}::timestamptz
                            else ${before(now, endedMs)}::timestamptz end
        and not exists (
          select 1 from flowgit.run where run.tenant = execution.tenant and run.execution_id = execution.id)
      order by ended_at limit ${batchSize} for update skip locked)
    returning id`.execute(tx);
  const ids = rows.map(({ id }) => id);
  if (ids.length > 0) await forgetDeadLetters(tx, tenant, ids);
  return ids.length;
}

function before(now: Date, ms: number): string {
  return Number.isFinite(ms) ? new Date(now.getTime() - ms).toISOString() : '-infinity';
}
