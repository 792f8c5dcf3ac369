import { CompiledQuery, type Kysely } from 'kysely';
import type PgBoss from 'pg-boss';
import type { Logger } from '../logger.js';
import type { Database } from '../storage/postgres/database.js';
import { isLostRace } from '../storage/postgres/failures.js';

/** The schema that pg-boss keeps its tables in, beside flowgit's own. */
export const bossSchema = 'flowgit_queue';

/** Starts pg-boss over the connections of a database. Its cron is not used: schedules are flowgit's own. */
export async function openBoss(database: Database, logger: Logger): Promise<PgBoss> {
  // A program that has no queue does not load it.
  const { default: Boss } = await import('pg-boss');
  return whileRaced(async () => {
    const boss = new Boss({
      db: poolExecutor(database.db),
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
  });
}

const maxAttempts = 10;

/** Makes tables, again if need be: processes that start at one moment over a new database stand in each other's way. */
export async function whileRaced<T>(make: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await make();
    } catch (error) {
      const { code } = error as { code?: unknown };
      const isRace = isLostRace(error) || code === uniqueViolation;
      if (!isRace || attempt === maxAttempts) throw error;
    }
  }
}

const uniqueViolation = '23505';

/** What pg-boss runs single statements with that are to be part of a transaction. */
export function executor(db: Kysely<unknown>): PgBoss.Db {
  return {
    async executeSql(text, values) {
      const { rows } = await db.executeQuery(CompiledQuery.raw(text, values ?? []));
      return { rows };
    },
  };
}

/**
 * What pg-boss runs the rest with. It sends whole transactions as one text; one that fails would stay open on its
 * connection, and whoever gets that from the pool next would fail too.
 */
export function poolExecutor(db: Kysely<unknown>): PgBoss.Db {
  return {
    executeSql: (text, values) =>
      db.connection().execute(async (connection) => {
        try {
          return await executor(connection).executeSql(text, values);
        } catch (error) {
          await connection.executeQuery(CompiledQuery.raw('rollback')).catch(() => {});
          throw error;
        }
      }),
  };
}
