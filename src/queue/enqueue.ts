import { randomUUID } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { nextBegin } from './pace.js';
import { handOut, send, type Tickets } from './tickets.js';
import type { RunRequest } from './types.js';

/**
 * Queues a run, in a transaction. Resolves to false when a waiting run will do. It need not be alone with the queue: a
 * waiting run holds no key, and the unique indexes of the table tell two that are the same.
 */
export async function enqueueIn(
  tickets: Tickets,
  tx: Kysely<unknown>,
  request: RunRequest,
): Promise<boolean> {
  const { tenant } = tickets;
  const { executionId, startAfter } = request;
  const inserted = await enqueueNewIn(tickets, tx, [request]);
  if (inserted.has(executionId)) return true;
  const { rows } = await sql<{ state: string; start_after: Date }>`
    update flowgit.run set
      start_after = case when state = 'waiting' then least(start_after, coalesce(${startAfter ?? null}::timestamptz, now()))
                         else start_after end,
      again = case when state = 'running' then least(again, coalesce(${startAfter ?? null}::timestamptz, now()))
                   else again end
    where tenant = ${tenant} and execution_id = ${executionId}
    returning state, start_after`.execute(tx);
  const [row] = rows;
  // For one that runs, the ticket is handed out when it ends.
  if (row?.state === 'waiting') await handOut(tickets, tx, [{ executionId, startAfter: row.start_after }]);
  return row !== undefined;
}

/** Queues runs that are not there yet, in their order; resolves to the ids of those that no waiting run makes needless. */
export async function enqueueNewIn(
  tickets: Tickets,
  tx: Kysely<unknown>,
  requests: readonly RunRequest[],
): Promise<ReadonlySet<string>> {
  if (requests.length === 0) return new Set();
  const runs = await Promise.all(
    requests.map(async ({ startAfter, ...request }) => ({
      ...request,
      startAfter: (await pacedBegin(tickets, tx, request)) ?? startAfter,
      ticket: randomUUID(),
    })),
  );
  // Two servers that wait for each other's rows do so in one order.
  const { rows } = await sql<{ execution_id: string }>`
    insert into flowgit.run (tenant, execution_id, exclusive_keys, coalesce_key, start_after, ticket)
    select ${tickets.tenant}, id, array(select jsonb_array_elements_text(keys::jsonb)), coalesce_key,
           coalesce(start_after, now()), ticket
    from unnest(${runs.map(({ executionId }) => executionId)}::text[],
                ${runs.map(({ exclusiveKeys }) => JSON.stringify([...new Set(exclusiveKeys)]))}::text[],
                ${runs.map(({ coalesceKey }) => coalesceKey ?? null)}::text[],
                ${runs.map(({ startAfter }) => startAfter?.toISOString() ?? null)}::timestamptz[],
                ${runs.map(({ ticket }) => ticket)}::uuid[])
      with ordinality as wanted (id, keys, coalesce_key, start_after, ticket, position)
    order by coalesce_key nulls first, position
    on conflict do nothing returning execution_id`.execute(tx);
  const queued = new Set(rows.map((row) => row.execution_id));
  await send(
    tickets,
    tx,
    runs.filter(({ executionId }) => queued.has(executionId)),
  );
  return queued;
}

async function pacedBegin(
  { tenant }: Tickets,
  tx: Kysely<unknown>,
  { coalesceKey: key, apartMs }: RunRequest,
) {
  return key === undefined || apartMs === undefined ? undefined : nextBegin(tx, tenant, { key, apartMs });
}
