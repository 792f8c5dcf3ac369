import { CompiledQuery, type Kysely } from 'kysely';
import type PgBoss from 'pg-boss';
import type { Logger } from '../logger.js';
import type { Database } from '../storage/postgres/database.js';

/** The schema that pg-boss keeps its tables in, beside flowgit's own. */
export const bossSchema = 'flowgit_queue';

/** Starts pg-boss over the connections of a database. Its cron is not used: schedules are flowgit's own. */
export async function openBoss(database: Database, logger: Logger): Promise<PgBoss> {
  // A program that has no queue does not load it.
  const { default: Boss } = await import('pg-boss');
  const boss = new Boss({
    db: executor(database.db),
    schema: bossSchema,
    schedule: false,
    supervise: true,
    maintenanceIntervalSeconds: 60,
    archiveCompletedAfterSeconds: 3600,
    deleteAfterHours: 24,
  });
  boss.on('error', (error) => logger.warn({ error: error.message }, 'maintenance of the queue failed'));
  await boss.start();
  return boss;
}

/** What pg-boss runs its statements with: a pool, or a transaction that they are to be part of. */
export function executor(db: Kysely<unknown>): PgBoss.Db {
  return {
    async executeSql(text, values) {
      const { rows } = await db.executeQuery(CompiledQuery.raw(text, values ?? []));
      return { rows };
    },
  };
}
