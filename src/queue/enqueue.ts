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
  const { executionId, exclusiveKeys, coalesceKey, apartMs } = request;
  const isPaced = coalesceKey !== undefined && apartMs !== undefined;
  const paced = isPaced ? await nextBegin(tx, tenant, { key: coalesceKey, apartMs }) : undefined;
  const startAfter = paced ?? request.startAfter;
  const ticket = randomUUID();
  const inserted = await sql`
    insert into flowgit.run (tenant, execution_id, exclusive_keys, coalesce_key, start_after, ticket)
    values (${tenant}, ${executionId}, ${[...new Set(exclusiveKeys)]}::text[], ${coalesceKey ?? null},
            coalesce(${startAfter ?? null}::timestamptz, now()), ${ticket}::uuid)
    on conflict do nothing returning 1 as one`.execute(tx);
  if (inserted.rows.length > 0) {
    await send(tickets, tx, [{ ticket, executionId, startAfter }]);
    return true;
  }
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
