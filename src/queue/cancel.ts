import { type Kysely, sql } from 'kysely';
import type { Tickets } from './tickets.js';

/** Takes a waiting run out, or marks one that runs. In a transaction that is alone with the queue. */
export async function cancelIn(
  { tenant }: Tickets,
  tx: Kysely<unknown>,
  executionId: string,
): Promise<'removed' | 'told' | 'absent'> {
  const removed = await sql`
    delete from flowgit.run
    where tenant = ${tenant} and execution_id = ${executionId} and state = 'waiting' returning 1 as one`.execute(
    tx,
  );
  if (removed.rows.length > 0) return 'removed';
  const told = await sql`
    update flowgit.run set is_cancelled = true
    where tenant = ${tenant} and execution_id = ${executionId} returning 1 as one`.execute(tx);
  return told.rows.length > 0 ? 'told' : 'absent';
}
