import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { purgeExecutions } from '../../src/executions/retention.js';
import { createExecutionStore } from '../../src/executions/store.js';
import { silentLogger } from '../../src/logger.js';
import { openRunQueue } from '../../src/queue/queue.js';
import type { Database } from '../../src/storage/postgres/database.js';
import { openDatabase } from '../../src/storage/postgres/open.js';
import { openTemporaryDatabase } from '../../src/storage/postgres/pglite.js';
import { usePostgresServer } from '../support/postgres-server.js';

const server = usePostgresServer();
const day = 86_400_000;
const now = new Date('2026-03-01T00:00:00Z');
const ago = (days: number) => new Date(now.getTime() - days * day);
const retention = { endedMs: 30 * day, failedMs: 90 * day };

describe('old executions on a server', () => {
  contract(async () => (await openDatabase(await server().createDatabase())).database);

  it('are purged by one process at a time', async () => {
    const url = await server().createDatabase();
    const [one, other] = await Promise.all([openDatabase(url), openDatabase(url)]);
    const tenant = one.tenant;
    const queue = await openRunQueue(one.database, { tenant, logger: silentLogger });
    const store = createExecutionStore(one.database, { tenant });
    for (let index = 0; index < 450; index += 1) await addEnded(store, `old-${index}`, 'SUCCESS', 31);
    const counts = await Promise.all(
      [one, other].map(({ database }) => purgeExecutions(database, { tenant, retention, now })),
    );
    expect((counts[0] ?? 0) + (counts[1] ?? 0)).toBe(450);
    expect(await store.list({})).toEqual([]);
    await queue.close();
    await Promise.all([one.database.close(), other.database.close()]);
  });
});

describe('old executions in this process', () => {
  contract(openTemporaryDatabase);
});

type Store = ReturnType<typeof createExecutionStore>;

async function addEnded(store: Store, id: string, state: 'SUCCESS' | 'FAILED' | 'CANCELLED', days: number) {
  await store.create({
    id,
    namespace: 'company',
    flowId: 'hello',
    flowRevision: 1,
    trigger: { type: 'api', variables: {} },
    inputs: {},
    createdAt: ago(days),
  });
  await store.update(id, { state, endedAt: ago(days) });
}

function contract(open: () => Promise<Database>): void {
  let database: Database;
  beforeAll(async () => {
    database = await open();
  }, 120_000);
  afterAll(() => database.close());

  it('go with all that belongs to them, those that failed later, and none that has not ended', async () => {
    const tenant = `t-${randomUUID()}`;
    const store = createExecutionStore(database, { tenant });
    const queue = await openRunQueue(database, { tenant, logger: silentLogger });
    await addEnded(store, 'young', 'SUCCESS', 29);
    await addEnded(store, 'old', 'SUCCESS', 31);
    await addEnded(store, 'cancelled', 'CANCELLED', 31);
    await addEnded(store, 'failed', 'FAILED', 89);
    await addEnded(store, 'failed-long-ago', 'FAILED', 91);
    // Its worker has recorded the end, and not yet given the lease back.
    await addEnded(store, 'held', 'SUCCESS', 31);
    await queue.enqueue({ executionId: 'held', exclusiveKeys: [] });
    for (const state of ['QUEUED', 'RUNNING', 'PAUSED'] as const) {
      await store.create({
        id: state,
        namespace: 'company',
        flowId: 'hello',
        flowRevision: 1,
        trigger: { type: 'api', variables: {} },
        inputs: {},
        createdAt: ago(400),
      });
      await store.update(state, { state });
    }
    await store.appendLogs('old', [{ taskId: null, level: 'info', message: 'x', fields: {}, at: ago(31) }]);

    expect(await purgeExecutions(database, { tenant, retention, now })).toBe(3);
    const left = (await store.list({})).map(({ id }) => id).sort();
    expect(left).toEqual(['PAUSED', 'QUEUED', 'RUNNING', 'failed', 'held', 'young']);
    const { rows } = await sql`select 1 from flowgit.log where tenant = ${tenant}`.execute(database.db);
    expect(rows).toEqual([]);
    const forever = { endedMs: Number.POSITIVE_INFINITY, failedMs: Number.POSITIVE_INFINITY };
    expect(await purgeExecutions(database, { tenant, retention: forever, now })).toBe(0);
    await queue.close();
  });

  it('take their dead letters with them', async () => {
    const tenant = `t-${randomUUID()}`;
    const store = createExecutionStore(database, { tenant });
    const queue = await openRunQueue(database, { tenant, logger: silentLogger, maxAttempts: 1, pollMs: 20 });
    await addEnded(store, 'dead', 'FAILED', 91);
    await queue.enqueue({ executionId: 'dead', exclusiveKeys: [] });
    await queue.work({
      concurrency: 1,
      run: () => Promise.reject(new Error('no')),
      onGivenUp: async () => {},
    });
    await expect.poll(() => queue.depth()).toEqual({ waiting: 0, running: 0, failed: 1 });
    expect(await purgeExecutions(database, { tenant, retention, now })).toBe(1);
    expect(await queue.depth()).toEqual({ waiting: 0, running: 0, failed: 0 });
    await queue.close();
  });
}
