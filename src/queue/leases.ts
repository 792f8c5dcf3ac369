import { type Kysely, sql } from 'kysely';
import { executor } from './boss.js';
import { handOut, handOutFreed, handOutMissing, isBlocked, type Tickets, takeBack } from './tickets.js';
import type { RunRequest } from './types.js';

/** A run that a worker has, with what tells its lease from others of the same run. */
export interface TakenRun {
  request: RunRequest;
  lease: number;
  attempt: number;
  ticket: string;
  /** Somebody cancelled it while its worker was gone. */
  isCancelled: boolean;
}

/** Takes up to `count` runs that may be begun. In a transaction that is alone with the queue, as all of these. */
export async function takeRuns(
  tickets: Tickets,
  tx: Kysely<unknown>,
  { count, worker, leaseMs }: { count: number; worker: string; leaseMs: number },
): Promise<TakenRun[]> {
  const { boss, queue } = tickets;
  const taken: TakenRun[] = [];
  const db = executor(tx);
  while (taken.length < count) {
    const batchSize = count - taken.length;
    const jobs = await boss.fetch<{ executionId: string }>(queue, { batchSize, db });
    if (jobs.length === 0) break;
    for (const { id: ticket, data } of jobs) {
      const run = await take(tickets, tx, { executionId: data.executionId, ticket, worker, leaseMs });
      if (run !== null) taken.push(run);
      else await takeBack(tickets, tx, [ticket]);
    }
  }
  return taken;
}

async function take(
  { tenant }: Tickets,
  tx: Kysely<unknown>,
  {
    executionId,
    ticket,
    worker,
    leaseMs,
  }: { executionId: string; ticket: string; worker: string; leaseMs: number },
): Promise<TakenRun | null> {
  const { rows } = await sql<{
    lease: string;
    attempts: number;
    exclusive_keys: string[];
    is_cancelled: boolean;
  }>`
    update flowgit.run waiting
    set state = 'running', lease = lease + 1, attempts = attempts + 1, ticket = ${ticket}::uuid, leased_by = ${worker},
        leased_until = now() + ${leaseMs} * interval '1 millisecond', again = null
    where tenant = ${tenant} and execution_id = ${executionId} and state = 'waiting' and start_after <= now()
      and not ${isBlocked}
    returning lease, attempts, exclusive_keys, is_cancelled`.execute(tx);
  const [row] = rows;
  if (row !== undefined) {
    const request = { executionId, exclusiveKeys: row.exclusive_keys };
    return {
      request,
      lease: Number(row.lease),
      attempt: row.attempts,
      ticket,
      isCancelled: row.is_cancelled,
    };
  }
  // It gets another when the key it waits for is free.
  await sql`
    update flowgit.run set ticket = null
    where tenant = ${tenant} and execution_id = ${executionId} and ticket = ${ticket}::uuid`.execute(tx);
  return null;
}

/**
 * Renews leases, and tells of each run that is still held whether it was cancelled. Changes no key, so that it does not
 * wait for transactions that hold a lease (lease.ts).
 */
export async function renewLeases(
  db: Kysely<unknown>,
  tenant: string,
  { runs, leaseMs }: { runs: readonly TakenRun[]; leaseMs: number },
): Promise<Map<string, { isCancelled: boolean }>> {
  const { rows } = await sql<{ execution_id: string; is_cancelled: boolean }>`
    update flowgit.run set leased_until = now() + ${leaseMs} * interval '1 millisecond'
    from unnest(${runs.map(({ request }) => request.executionId)}::text[],
                ${runs.map(({ lease }) => lease)}::bigint[]) as held (id, number)
    where tenant = ${tenant} and execution_id = held.id and lease = held.number and state = 'running'
    returning execution_id, is_cancelled`.execute(db);
  return new Map(rows.map((row) => [row.execution_id, { isCancelled: row.is_cancelled }]));
}

/** Ends a lease. With `again` the run waits for that time; otherwise it is done, unless it was queued meanwhile. */
export async function endLease(
  tickets: Tickets,
  tx: Kysely<unknown>,
  run: TakenRun,
  again: Date | null,
): Promise<void> {
  const { tenant } = tickets;
  const { executionId, exclusiveKeys } = run.request;
  const { rows } = await sql<{ again: Date | null }>`
    select least(again, ${again}::timestamptz) as again from flowgit.run
    where ${isHeld(tenant, run)} for update`.execute(tx);
  const [row] = rows;
  await takeBack(tickets, tx, [run.ticket]);
  if (row === undefined) return;
  if (row.again === null) {
    await sql`delete from flowgit.run where ${isHeld(tenant, run)}`.execute(tx);
  } else {
    await putBack(tx, tenant, run, { startAfter: row.again, attempts: 0 });
    await handOut(tickets, tx, { executionId, startAfter: row.again });
  }
  await handOutFreed(tickets, tx, exclusiveKeys);
}

/** Ends a lease whose run is to be tried again: at once, or after what pg-boss finds a fitting delay. */
export async function returnRun(
  tickets: Tickets,
  tx: Kysely<unknown>,
  run: TakenRun,
  { isFailure }: { isFailure: boolean },
): Promise<void> {
  const { boss, queue, tenant } = tickets;
  const { executionId, exclusiveKeys } = run.request;
  const now = new Date();
  const attempts = isFailure ? run.attempt : run.attempt - 1;
  const isOurs = await putBack(tx, tenant, run, { startAfter: null, attempts });
  if (isOurs && isFailure) await boss.fail(queue, run.ticket, {}, { db: executor(tx) });
  else await takeBack(tickets, tx, [run.ticket]);
  if (isOurs && !isFailure) await handOut(tickets, tx, { executionId, startAfter: now });
  await handOutFreed(tickets, tx, exclusiveKeys);
}

/** Ends a lease whose run is given up. */
export async function buryRun(
  tickets: Tickets,
  tx: Kysely<unknown>,
  run: TakenRun,
  message: string,
): Promise<void> {
  const { boss, deadLetters, tenant } = tickets;
  const { executionId, exclusiveKeys } = run.request;
  await sql`delete from flowgit.run where ${isHeld(tenant, run)}`.execute(tx);
  await takeBack(tickets, tx, [run.ticket]);
  await boss.send(deadLetters, { executionId, message }, { db: executor(tx) });
  await handOutFreed(tickets, tx, exclusiveKeys);
}

/** Makes runs wait again whose workers are gone, and gives tickets to those that lack one. */
export async function sweep(tickets: Tickets, tx: Kysely<unknown>): Promise<string[]> {
  const { tenant } = tickets;
  // A worker that is in the middle of writing holds its row: it is not late yet, or its connection is about to end.
  const { rows } = await sql<{ execution_id: string; ticket: string }>`
    with lost as (
      select tenant, execution_id from flowgit.run
      where tenant = ${tenant} and state = 'running' and leased_until < now() for update skip locked)
    update flowgit.run set state = 'waiting', coalesce_key = null, leased_by = null, leased_until = null,
                           start_after = now()
    from lost where run.tenant = lost.tenant and run.execution_id = lost.execution_id
    returning run.execution_id, run.ticket`.execute(tx);
  if (rows.length > 0) {
    await takeBack(
      tickets,
      tx,
      rows.map(({ ticket }) => ticket),
    );
  }
  await handOutMissing(tickets, tx);
  return rows.map(({ execution_id: id }) => id);
}

/** A run that goes back gives its coalesce key up: a newer one may wait with it by now. */
async function putBack(
  tx: Kysely<unknown>,
  tenant: string,
  run: TakenRun,
  { startAfter, attempts }: { startAfter: Date | null; attempts: number },
): Promise<boolean> {
  const { rows } = await sql`
    update flowgit.run set state = 'waiting', coalesce_key = null, again = null, leased_by = null, leased_until = null,
                           is_cancelled = false, attempts = ${attempts}, start_after = coalesce(${startAfter}::timestamptz, now())
    where ${isHeld(tenant, run)} returning execution_id`.execute(tx);
  return rows.length > 0;
}

function isHeld(tenant: string, { request, lease }: TakenRun) {
  return sql<boolean>`tenant = ${tenant} and execution_id = ${request.executionId} and lease = ${lease} and state = 'running'`;
}
