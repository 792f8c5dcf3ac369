import type { Kysely } from 'kysely';
import type { Database } from './database.js';
import { explainFailure } from './failures.js';

/** Does the work in a transaction of its own; what the database fails with says where and what to do. */
export function inTransaction<T>(
  { db, location }: Pick<Database, 'db' | 'location'>,
  work: (tx: Kysely<unknown>) => Promise<T>,
): Promise<T> {
  return explainFailure(location, () => db.transaction().execute(work));
}
