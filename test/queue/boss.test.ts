import { sql } from 'kysely';
import { afterAll, expect, it } from 'vitest';
import { silentLogger } from '../../src/logger.js';
import { poolExecutor } from '../../src/queue/boss.js';
import { openRunQueue } from '../../src/queue/queue.js';
import type { Database } from '../../src/storage/postgres/database.js';
import { openDatabase } from '../../src/storage/postgres/open.js';
import { openTemporaryDatabase } from '../../src/storage/postgres/pglite.js';
import { usePostgresServer } from '../support/postgres-server.js';

const server = usePostgresServer();
const opened: Database[] = [];
afterAll(() => Promise.all(opened.map((database) => database.close())));

it('gives a connection back as it was when a transaction of pg-boss fails', async () => {
  const database = await openTemporaryDatabase();
  opened.push(database);
  const { executeSql } = poolExecutor(database.db);
  await expect(executeSql('begin; select 1 / 0; commit', [])).rejects.toThrow('division by zero');
  const { rows } = await sql`select 1 as one`.execute(database.db);
  expect(rows).toEqual([{ one: 1 }]);
});

it('is made once by processes that start at one moment', { timeout: 60_000 }, async () => {
  const url = await server().createDatabase();
  const queues = await Promise.all(
    Array.from({ length: 5 }, async () => {
      const { database, tenant } = await openDatabase(url);
      opened.push(database);
      return openRunQueue(database, { tenant, logger: silentLogger });
    }),
  );
  for (const queue of queues) {
    expect(await queue.depth()).toEqual({ waiting: 0, running: 0, failed: 0 });
    await queue.close();
  }
});
