import { randomUUID } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import type PgBoss from 'pg-boss';
import { bossSchema, executor, whileRaced } from './boss.js';

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
  const tickets = { boss, tenant, queue: `runs_${tenant}`, deadLetters: deadLettersOf(tenant) };
  for (const name of [tickets.deadLetters, tickets.queue]) await whileRaced(() => boss.createQueue(name));
  return tickets;
}

/** Name of the queue in pg-boss that runs go to which were given up. */
export function deadLettersOf(tenant: string): string {
  return `dead_runs_${tenant}`;
}

/** A run that is to be looked at, not before a time. */
interface Waiting {
  executionId: string;
  startAfter?: Date | undefined;
}

/** Hands out tickets for runs that wait. */
export async function handOut(
  tickets: Tickets,
  tx: Kysely<unknown>,
  runs: readonly Waiting[],
): Promise<void> {
  if (runs.length === 0) return;
  const named = runs.map((run) => ({ ...run, ticket: randomUUID() }));
  await sql`
    update flowgit.run set ticket = made.ticket
    from unnest(${named.map(({ executionId }) => executionId)}::text[], ${named.map(({ ticket }) => ticket)}::uuid[])
      as made (execution_id, ticket)
    where tenant = ${tickets.tenant} and run.execution_id = made.execution_id`.execute(tx);
  await send(tickets, tx, named);
}

/** Makes the jobs of tickets that stand in the rows of their runs. */
export async function send(
  { boss, queue }: Tickets,
  tx: Kysely<unknown>,
  runs: readonly (Waiting & { ticket: string })[],
): Promise<void> {
  const jobs = runs.map(({ ticket, executionId, startAfter }) => ({
    id: ticket,
    name: queue,
    data: { executionId },
    ...(startAfter !== undefined && { startAfter }),
    ...jobOptions,
  }));
  await boss.insert(jobs, { db: executor(tx) });
}

/** The queue counts attempts itself; what is left of pg-boss's retries is their growing distance. */
const jobOptions = { retryLimit: 1000, retryDelay: 1, retryBackoff: true, expireInSeconds: 23 * 3600 };

/** Ends tickets, those included that are with somebody. They tell nothing afterwards, and are not kept. */
export async function takeBack(
  { boss, queue }: Tickets,
  tx: Kysely<unknown>,
  tickets: readonly string[],
): Promise<void> {
  if (tickets.length > 0) await boss.deleteJob(queue, [...tickets], { db: executor(tx) });
}

/** Gives tickets to the oldest runs that could be begun now that these keys are free. */
export async function handOutFreed(
  tickets: Tickets,
  tx: Kysely<unknown>,
  keys: readonly string[],
): Promise<void> {
  if (keys.length === 0) return;
  const { rows } = await sql<Waiting>`
    select execution_id as "executionId", start_after as "startAfter" from flowgit.run waiting
    where tenant = ${tickets.tenant} and state = 'waiting' and ticket is null
      and exclusive_keys && ${[...keys]}::text[] and not ${isBlocked}
    order by number limit ${keys.length}`.execute(tx);
  await handOut(tickets, tx, rows);
}

/** Gives tickets to runs that lost theirs, as when a process died between two steps. */
export async function handOutMissing(tickets: Tickets, tx: Kysely<unknown>): Promise<void> {
  const { rows } = await sql<Waiting>`
    select execution_id as "executionId", start_after as "startAfter" from flowgit.run waiting
    where tenant = ${tickets.tenant} and state = 'waiting' and not ${isBlocked}
      and not exists (
        select 1 from ${sql.raw(bossSchema)}.job
        where job.name = ${tickets.queue} and job.id = waiting.ticket and job.state < 'active')
    order by number limit 200`.execute(tx);
  await handOut(tickets, tx, rows);
}

/** Whether another run holds a key of the row called `waiting`. */
export const isBlocked = sql<boolean>`
  exists (select 1 from flowgit.run other where other.tenant = waiting.tenant and other.state = 'running'
            and other.exclusive_keys && waiting.exclusive_keys)`;
