import { type Kysely, sql } from 'kysely';
import { UnsupportedError } from '../../errors.js';
import { migrations } from './migrations.js';

/** Held while the schema changes, so that processes that start at once do it one after the other. */
const lockKey = '7384591026644197';

/**
 * Brings the schema up to this version's, in one transaction. Costs one query when there is nothing to do.
 * @throws UnsupportedError when a newer version has changed the schema since
 */
export async function migrate(db: Kysely<unknown>, location: string): Promise<void> {
  const newest = migrations.at(-1)?.number ?? 0;
  if (check(await schemaNumber(db), newest, location)) return;
  await db.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(${lockKey}::bigint)`.execute(tx);
    const present = await schemaNumber(tx);
    if (check(present, newest, location)) return;
    if (present === 0) await createSchema(tx);
    for (const { number, name, statements } of migrations) {
      if (number <= present) continue;
      for (const statement of statements) await sql.raw(statement).execute(tx);
      await sql`insert into flowgit.migration (number, name) values (${number}, ${name})`.execute(tx);
    }
  });
}

function check(present: number, newest: number, location: string): boolean {
  if (present <= newest) return present === newest;
  throw new UnsupportedError(
    `${location} was set up by a newer version of flowgit (schema ${present}; this version knows ${newest}).`,
    { hint: 'Update flowgit on this machine.' },
  );
}

/** The last migration that was applied; 0 for a database that flowgit has not seen. */
async function schemaNumber(db: Kysely<unknown>): Promise<number> {
  // Not by to_regclass: inside a transaction that may answer from before it waited for the lock.
  const found = await sql`
    select 1 from pg_tables where schemaname = 'flowgit' and tablename = 'migration'`.execute(db);
  if (found.rows.length === 0) return 0;
  const { rows } = await sql<{ number: number | null }>`
    select max(number) as number from flowgit.migration`.execute(db);
  return rows[0]?.number ?? 0;
}

/** A schema that someone made for flowgit beforehand is used: not every role may create one. */
async function createSchema(tx: Kysely<unknown>): Promise<void> {
  const { rows } = await sql`select 1 from pg_namespace where nspname = 'flowgit'`.execute(tx);
  if (rows.length === 0) await sql`create schema flowgit`.execute(tx);
  await sql`
    create table if not exists flowgit.migration (
      number integer primary key,
      name text not null,
      applied_at timestamptz not null default now())`.execute(tx);
}
