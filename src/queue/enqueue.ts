import { type Kysely, sql } from 'kysely';
import { handOut, type Tickets } from './tickets.js';
import type { RunRequest } from './types.js';

/** Queues a run, in a transaction that is alone with the queue. Resolves to false when a waiting run will do. */
export async function enqueueIn(
  tickets: Tickets,
  tx: Kysely<unknown>,
  { executionId, exclusiveKeys, coalesceKey, startAfter }: RunRequest,
): Promise<boolean> {
  const { tenant } = tickets;
  if (coalesceKey !== undefined && (await waits(tx, tenant, coalesceKey))) return false;
  const { rows } = await sql<{ state: string; start_after: Date }>`
    insert into flowgit.run as present (tenant, execution_id, exclusive_keys, coalesce_key, start_after)
    values (${tenant}, ${executionId}, ${[...new Set(exclusiveKeys)]}::text[], ${coalesceKey ?? null},
            coalesce(${startAfter ?? null}::timestamptz, now()))
    on conflict (tenant, execution_id) do update set
      start_after = case when present.state = 'waiting' then least(present.start_after, excluded.start_after)
                         else present.start_after end,
      again = case when present.state = 'running' then least(present.again, excluded.start_after)
                   else present.again end
    returning state, start_after`.execute(tx);
  const [row] = rows;
  // For one that runs, the ticket is handed out when it ends.
  if (row?.state === 'waiting') await handOut(tickets, tx, { executionId, startAfter: row.start_after });
  return true;
}

async function waits(tx: Kysely<unknown>, tenant: string, coalesceKey: string): Promise<boolean> {
  const { rows } = await sql`
    select 1 from flowgit.run
    where tenant = ${tenant} and coalesce_key = ${coalesceKey} and state = 'waiting'`.execute(tx);
  return rows.length > 0;
}
