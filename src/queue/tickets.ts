import { type Kysely, sql } from 'kysely';
import type PgBoss from 'pg-boss';
import { bossSchema, executor } from './boss.js';

/*
 * A ticket is a job of pg-boss: it tells a worker to look at a run. What may be begun stands in flowgit.run alone, so a
 * ticket too many is harmless, and whoever finds a run without one hands out another. Runs that have to wait for a key
 * have none: they would be looked at in vain until the key is free.
 */

export interface Tickets {
  readonly boss: PgBoss;
  readonly tenant: string;
  /** Name of the queue in pg-boss. */
  readonly queue: string;
  readonly deadLetters: string;
}

/** Names the queues of a tenant, and makes them if they are not there. */
export async function openTickets(boss: PgBoss, tenant: string): Promise<Tickets> {
  const tickets = { boss, tenant, queue: `runs_${tenant}`, deadLetters: `dead_runs_${tenant}` };
  await boss.createQueue(tickets.deadLetters);
  await boss.createQueue(tickets.queue);
  return tickets;
}

/** Hands out a ticket for a run that waits. */
export async function handOut(
  { boss, tenant, queue }: Tickets,
  tx: Kysely<unknown>,
  { executionId, startAfter }: { executionId: string; startAfter: Date },
): Promise<void> {
  const ticket = await boss.send(
    queue,
    { executionId },
    // The queue counts attempts itself; what is left of pg-boss's retries is their growing distance.
    { startAfter, retryLimit: 1000, retryDelay: 1, retryBackoff: true, expireInHours: 23, db: executor(tx) },
  );
  await sql`
    update flowgit.run set ticket = ${ticket}::uuid
    where tenant = ${tenant} and execution_id = ${executionId}`.execute(tx);
}

/** Ends tickets, those included that are with somebody. */
export async function takeBack(
  { boss, queue }: Tickets,
  tx: Kysely<unknown>,
  tickets: readonly string[],
): Promise<void> {
  for (const ticket of tickets) await boss.complete(queue, ticket, {}, { db: executor(tx) });
}

/** Gives tickets to the oldest runs that could be begun now that these keys are free. */
export async function handOutFreed(
  tickets: Tickets,
  tx: Kysely<unknown>,
  keys: readonly string[],
): Promise<void> {
  if (keys.length === 0) return;
  const { rows } = await sql<WaitingRow>`
    select execution_id, start_after from flowgit.run waiting
    where tenant = ${tickets.tenant} and state = 'waiting' and ticket is null
      and exclusive_keys && ${[...keys]}::text[] and not ${isBlocked}
    order by number limit ${keys.length}`.execute(tx);
  await handOutAll(tickets, tx, rows);
}

/** Gives tickets to runs that lost theirs, as when a process died between two steps. */
export async function handOutMissing(tickets: Tickets, tx: Kysely<unknown>): Promise<void> {
  const { rows } = await sql<WaitingRow>`
    select execution_id, start_after from flowgit.run waiting
    where tenant = ${tickets.tenant} and state = 'waiting' and not ${isBlocked}
      and not exists (
        select 1 from ${sql.raw(bossSchema)}.job
        where job.name = ${tickets.queue} and job.id = waiting.ticket and job.state < 'active')
    order by number limit 200`.execute(tx);
  await handOutAll(tickets, tx, rows);
}

interface WaitingRow {
  execution_id: string;
  start_after: Date;
}

/** Whether another run holds a key of the row called `waiting`. */
export const isBlocked = sql<boolean>`
  exists (select 1 from flowgit.run other where other.tenant = waiting.tenant and other.state = 'running'
            and other.exclusive_keys && waiting.exclusive_keys)`;

async function handOutAll(tickets: Tickets, tx: Kysely<unknown>, rows: readonly WaitingRow[]): Promise<void> {
  for (const { execution_id: executionId, start_after: startAfter } of rows) {
    await handOut(tickets, tx, { executionId, startAfter });
  }
}
