import { createHash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import type { Database } from '../storage/postgres/database.js';

/**
 * A transaction that is alone with the queue of a tenant: who takes a run must see every key that others hold. Such
 * transactions take a few milliseconds.
 */
export function aloneWithQueue<T>(
  { db }: Database,
  tenant: string,
  work: (tx: Kysely<unknown>) => Promise<T>,
): Promise<T> {
  return db.transaction().execute(async (tx) => {
    await lockQueue(tx, tenant);
    return work(tx);
  });
}

export async function lockQueue(tx: Kysely<unknown>, tenant: string): Promise<void> {
  const number = createHash('sha256').update(`flowgit queue\0${tenant}`).digest().readBigInt64BE();
  await sql`
    select set_config('idle_in_transaction_session_timeout', '60s', true),
           pg_advisory_xact_lock(${String(number)}::bigint)`.execute(tx);
}
