import { type Kysely, sql } from 'kysely';
import { bossSchema } from './boss.js';
import { deadLettersOf } from './tickets.js';

/** Takes the dead letters of executions away: they were looked at, run again, or purged. */
export async function forgetDeadLetters(
  db: Kysely<unknown>,
  tenant: string,
  executionIds: readonly string[],
): Promise<void> {
  await sql`
    delete from ${sql.raw(bossSchema)}.job
    where name = ${deadLettersOf(tenant)} and data->>'executionId' = any(${[...executionIds]}::text[])`.execute(
    db,
  );
}
