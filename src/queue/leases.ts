import { type Kysely, sql } from 'kysely';
import { executor } from './boss.js';
import { forgetPaces } from './pace.js';
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
  { count, ...worker }: { count: number; worker: string; leaseMs: number },
): Promise<TakenRun[]> {
  const { boss, queue } = tickets;
  const taken: TakenRun[] = [];
  const db = executor(tx);
  while (taken.length < count) {
    const batchSize = count - taken.length;
    const jobs = await boss.fetch<{ executionId: string }>(queue, { batchSize, db });
    const offers = jobs.map(({ id, data }) => ({ ticket: id, executionId: data.executionId }));
    const runs = await take(tickets, tx, offers, worker);
    taken.push(...runs);
    const used = new Set(runs.map(({ ticket }) => ticket));
    await refuse(
      tickets,
      tx,
      offers.filter(({ ticket }) => !used.has(ticket)),
    );
    if (jobs.length < batchSize) break;
  }
  return taken;
}

/** Whether `takeRuns` might find something. */
export async function isAnyDue({ tenant }: Tickets, db: Kysely<unknown>): Promise<boolean> {
  const { rows } = await sql`
    select 1 as one from flowgit.run
    where tenant = ${tenant} and state = 'waiting' and ticket is not null and start_after <= now() limit 1`.execute(
    db,
  );
  return rows.length > 0;
}

/** A ticket and the run that it is for. */
interface Offer {
  ticket: string;
  executionId: string;
}

async function take(
  { tenant }: Tickets,
  tx: Kysely<unknown>,
  offers: readonly Offer[],
  { worker, leaseMs }: { worker: string; leaseMs: number },
): Promise<TakenRun[]> {
  const free = await selectFree(tenant, tx, offers);
  if (free.length === 0) return [];
  const { rows } = await sql<{
    execution_id: string;
    ticket: string;
    lease: string;
    attempts: number;
    exclusive_keys: string[];
    is_cancelled: boolean;
  }>`
    update flowgit.run
    set state = 'running', lease = lease + 1, attempts = attempts + 1, ticket = free.ticket, leased_by = ${worker},
        leased_until = now() + ${leaseMs} * interval '1 millisecond', again = null
    from unnest(${free.map(({ executionId }) => executionId)}::text[], ${free.map(({ ticket }) => ticket)}::uuid[])
      as free (id, ticket)
    where tenant = ${tenant} and execution_id = free.id
    returning execution_id, run.ticket, lease, attempts, exclusive_keys, is_cancelled`.execute(tx);
  return rows.map((row) => ({
    request: { executionId: row.execution_id, exclusiveKeys: row.exclusive_keys },
    lease: Number(row.lease),
    attempt: row.attempts,
    ticket: row.ticket,
    isCancelled: row.is_cancelled,
  }));
}

/** The runs that may be begun together, the oldest first: none holds a key of another one or of one that runs. */
async function selectFree(
  tenant: string,
  tx: Kysely<unknown>,
  offers: readonly Offer[],
): Promise<readonly Offer[]> {
  if (offers.length === 0) return [];
  const { rows } = await sql<{ execution_id: string; ticket: string; exclusive_keys: string[] }>`
    select execution_id, offer.ticket, exclusive_keys from flowgit.run waiting
    join unnest(${offers.map(({ executionId }) => executionId)}::text[], ${offers.map(({ ticket }) => ticket)}::uuid[])
      as offer (id, ticket) on offer.id = execution_id
    where tenant = ${tenant} and state = 'waiting' and start_after <= now() and not ${isBlocked}
    order by number for update of waiting`.execute(tx);
  const held = new Set<string>();
  const begun = new Set<string>();
  return rows.flatMap(({ execution_id: executionId, ticket, exclusive_keys: keys }) => {
    if (begun.has(executionId) || keys.some((key) => held.has(key))) return [];
    begun.add(executionId);
    for (const key of keys) held.add(key);
    return [{ executionId, ticket }];
  });
}

/** Their runs get others when the keys they wait for are free. */
async function refuse({ tenant, ...tickets }: Tickets, tx: Kysely<unknown>, offers: readonly Offer[]) {
  if (offers.length === 0) return;
  const refused = offers.map(({ ticket }) => ticket);
  await sql`
    update flowgit.run set ticket = null
    where tenant = ${tenant} and ticket = any(${refused}::uuid[]) and state = 'waiting'`.execute(tx);
  await takeBack({ tenant, ...tickets }, tx, refused);
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
  await takeBack(tickets, tx, [run.ticket]);
  const done = await sql`
    delete from flowgit.run where ${isHeld(tenant, run)} and again is null and ${again}::timestamptz is null
    returning 1 as one`.execute(tx);
  if (done.rows.length === 0) {
    const { rows } = await sql<{ again: Date }>`
      select least(again, ${again}::timestamptz) as again from flowgit.run
      where ${isHeld(tenant, run)} for update`.execute(tx);
    const [row] = rows;
    if (row === undefined) return;
    await putBack(tx, tenant, run, { startAfter: row.again, attempts: 0 });
    await handOut(tickets, tx, [{ executionId, startAfter: row.again }]);
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
  const attempts = isFailure ? run.attempt : run.attempt - 1;
  const isOurs = await putBack(tx, tenant, run, { startAfter: null, attempts });
  if (isOurs && isFailure) await boss.fail(queue, run.ticket, {}, { db: executor(tx) });
  else await takeBack(tickets, tx, [run.ticket]);
  if (isOurs && !isFailure) await handOut(tickets, tx, [{ executionId }]);
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
  // As long as its execution is kept.
  await boss.send(deadLetters, { executionId, message }, { retentionDays: 36_500, db: executor(tx) });
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
  await forgetPaces(tx, tenant);
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
