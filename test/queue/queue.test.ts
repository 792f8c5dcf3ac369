import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/logger.js';
import { openRunQueue, type RunQueueOptions } from '../../src/queue/queue.js';
import type { Lease, RunQueue, RunRequest, WorkOptions } from '../../src/queue/types.js';
import type { Database } from '../../src/storage/postgres/database.js';
import { openDatabase } from '../../src/storage/postgres/open.js';
import { temporaryDirectory } from '../support/bare-repository.js';
import { usePostgresServer } from '../support/postgres-server.js';

const server = usePostgresServer();

describe('a queue on a server', () => {
  contract(async () => (await openDatabase(await server().createDatabase())).database);
});

describe('a queue in this process', () => {
  contract(async () => {
    const { path, remove } = await temporaryDirectory();
    const { database } = await openDatabase(`pglite:${path}/data`);
    return { ...database, close: () => database.close().then(remove) };
  });
});

function contract(open: () => Promise<Database>): void {
  let database: Database;
  let tenant: string;
  const opened: RunQueue[] = [];
  beforeAll(async () => {
    database = await open();
  }, 120_000);
  afterEach(async () => {
    for (const queue of opened.splice(0)) await queue.close();
  });
  afterAll(() => database.close());

  const openQueue = async (options: Partial<RunQueueOptions> = {}): Promise<RunQueue> => {
    tenant = options.tenant ?? `t-${randomUUID()}`;
    const quick = { leaseMs: 600, pollMs: 20, maxAttempts: 3 };
    const queue = await openRunQueue(database, { tenant, logger: silentLogger, ...quick, ...options });
    opened.push(queue);
    return queue;
  };

  it('carries out every run once, at most so many at a time', async () => {
    const queue = await openQueue();
    const done: string[] = [];
    const load = new Load();
    await queue.work(
      working({
        concurrency: 3,
        run: async ({ executionId }) => {
          await load.during(() => delay(5));
          done.push(executionId);
          return null;
        },
      }),
    );
    const ids = numbered(20);
    for (const id of ids) expect(await queue.enqueue(request(id))).toBe(true);
    await expect.poll(() => done.length).toBe(20);
    expect(new Set(done)).toEqual(new Set(ids));
    expect(load.most).toBeLessThanOrEqual(3);
    await expect.poll(() => queue.depth()).toEqual({ waiting: 0, running: 0, failed: 0 });
  });

  it('keeps runs of one key apart that two servers queue, so that a burst makes two', async () => {
    const queue = await openQueue();
    const other = await openQueue({ tenant });
    const begun: number[] = [];
    await queue.work(
      working({
        run: async () => {
          begun.push(Date.now());
          return null;
        },
      }),
    );
    const burst = { coalesceKey: 'main', apartMs: 2000 };
    const queued: boolean[] = [];
    for (const id of numbered(20)) {
      queued.push(await (queued.length % 2 === 0 ? queue : other).enqueue({ ...request(id), ...burst }));
      await delay(5);
    }
    expect(queued.filter(Boolean).length).toBe(2);
    await expect.poll(() => begun.length, { timeout: 10_000 }).toBe(2);
    const [first = 0, second = 0] = begun;
    expect(second - first).toBeGreaterThan(1700);
    expect(await queue.enqueue({ ...request('dev'), ...burst, coalesceKey: 'dev' })).toBe(true);
    await expect.poll(() => begun.length).toBe(3);
    expect((begun[2] ?? 0) - second).toBeLessThan(1700);
  });

  it('never lets runs with a key in common overlap, and holds up no others', async () => {
    const queue = await openQueue();
    const [a, b] = [new Load(), new Load()];
    const order: string[] = [];
    const loads: Record<string, Load> = { a, b };
    const work = working({
      concurrency: 4,
      run: async ({ executionId, exclusiveKeys }) => {
        const inside = exclusiveKeys.map((key) => loads[key] ?? new Load());
        await Load.duringAll(inside, () => delay(5));
        order.push(executionId);
        return null;
      },
    });
    await queue.work(work);
    await queue.work(work);
    const keys = [['a'], ['a', 'b'], ['b'], ['a'], ['b', 'a'], ['a'], ['b'], []];
    await Promise.all(
      keys.map((exclusiveKeys, at) => queue.enqueue(request(`run-${at}`, { exclusiveKeys }))),
    );
    await expect.poll(() => order.length).toBe(8);
    expect([a.most, b.most]).toEqual([1, 1]);
  });

  it('drops a run while another one waits with its coalesce key, and not while that runs', async () => {
    const queue = await openQueue();
    const coalesceKey = 'sync main';
    expect(await queue.enqueue(request('first', { coalesceKey }))).toBe(true);
    expect(await queue.enqueue(request('second', { coalesceKey }))).toBe(false);
    const gate = new Gate();
    const done: string[] = [];
    await queue.work(
      working({
        run: async ({ executionId }) => {
          done.push(executionId);
          if (executionId === 'first') await gate.opened;
          return null;
        },
      }),
    );
    await expect.poll(() => done).toEqual(['first']);
    expect(await queue.enqueue(request('third', { coalesceKey, exclusiveKeys: ['k'] }))).toBe(true);
    gate.open();
    await expect.poll(() => done).toEqual(['first', 'third']);
  });

  it('begins a run not before its time, earlier when it is queued again, and again when it asks for that', async () => {
    const queue = await openQueue();
    const began: number[] = [];
    const second = Date.now() + 300;
    const again = [new Date(second), null];
    await queue.work(
      working({
        run: async () => {
          began.push(Date.now());
          return again.shift() ?? null;
        },
      }),
    );
    await queue.enqueue(request('later', { startAfter: new Date(Date.now() + 3_600_000) }));
    await delay(100);
    expect(began).toEqual([]);
    const at = Date.now() + 100;
    await queue.enqueue(request('later', { startAfter: new Date(at) }));
    await expect.poll(() => began.length).toBe(2);
    expect(began[0]).toBeGreaterThanOrEqual(at - 2);
    expect(began[1]).toBeGreaterThanOrEqual(second - 2);
    await delay(50);
    expect(began).toHaveLength(2);
  });

  it('queues a run again that was asked for while it ran', async () => {
    const queue = await openQueue();
    const gate = new Gate();
    let count = 0;
    await queue.work(
      working({
        run: async () => {
          count += 1;
          await gate.opened;
          return null;
        },
      }),
    );
    await queue.enqueue(request('one'));
    await expect.poll(() => count).toBe(1);
    await queue.enqueue(request('one'));
    gate.open();
    await expect.poll(() => count).toBe(2);
  });

  it('tries a run again that threw, and then gives it up', async () => {
    const queue = await openQueue();
    const attempts: number[] = [];
    const givenUp: unknown[] = [];
    await queue.work(
      working({
        run: async (_, { attempt }) => {
          attempts.push(attempt);
          throw new Error(`attempt ${attempt}`);
        },
        onGivenUp: async ({ executionId }, error) => {
          givenUp.push([executionId, (error as Error).message]);
        },
      }),
    );
    await queue.enqueue(request('bad'));
    await expect.poll(() => givenUp, { timeout: 20_000 }).toEqual([['bad', 'attempt 3']]);
    expect(attempts).toEqual([1, 2, 3]);
    await expect.poll(() => queue.depth()).toEqual({ waiting: 0, running: 0, failed: 1 });
  });

  it('gives a run up that worker after worker dies of', async () => {
    const queue = await openQueue();
    await queue.enqueue(request('poison'));
    await sql`update flowgit.run set attempts = 3 where tenant = ${tenant}`.execute(database.db);
    const begun: string[] = [];
    const givenUp: unknown[] = [];
    await queue.work(
      working({
        run: async ({ executionId }) => {
          begun.push(executionId);
          return null;
        },
        onGivenUp: async ({ executionId }, error) => {
          givenUp.push([executionId, error]);
        },
      }),
    );
    await expect.poll(() => givenUp).toMatchObject([['poison', { code: 'LEASE_LOST' }]]);
    expect(begun).toEqual([]);
    await expect.poll(() => queue.depth()).toEqual({ waiting: 0, running: 0, failed: 1 });
  });

  it('takes over a run whose worker is silent, and the late one may write nothing more', async () => {
    const queue = await openQueue();
    const leases: Lease[] = [];
    let lateFailure: unknown = null;
    const gate = new Gate();
    const work = working({
      run: async (_, lease) => {
        leases.push(lease);
        if (leases.length > 1) return null;
        await gate.opened;
        lateFailure = await database.db
          .transaction()
          .execute((tx) => lease.hold(tx))
          .catch((error: unknown) => error);
        return null;
      },
    });
    await queue.work(work);
    await queue.enqueue(request('run', { exclusiveKeys: ['k'] }));
    await expect.poll(() => leases.length).toBe(1);
    await database.db.transaction().execute((tx) => (leases[0] as Lease).hold(tx));
    // As when the worker stood still and nothing renewed its lease.
    await sql`update flowgit.run set leased_until = now() - interval '1s' where tenant = ${tenant}`.execute(
      database.db,
    );
    await queue.work(work);
    await expect.poll(() => leases.length).toBe(2);
    expect(leases[1]?.attempt).toBe(2);
    gate.open();
    await expect.poll(() => lateFailure).toMatchObject({ code: 'LEASE_LOST' });
    expect(leases[0]?.signal.reason).toMatchObject({ code: 'LEASE_LOST' });
    await expect.poll(() => queue.depth()).toEqual({ waiting: 0, running: 0, failed: 0 });
    expect(leases).toHaveLength(2);
  });

  it('removes a waiting run that is cancelled, and interrupts one that runs, from another queue too', async () => {
    const queue = await openQueue();
    await queue.enqueue(request('waits'));
    expect(await queue.cancel('waits')).toBe('removed');
    expect(await queue.cancel('waits')).toBe('absent');
    const other = await openQueue({ tenant });
    let reason: unknown = null;
    const begun: string[] = [];
    await queue.work(
      working({
        run: async ({ executionId }, { signal }) => {
          begun.push(executionId);
          await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
          reason = signal.reason;
          return null;
        },
      }),
    );
    await queue.enqueue(request('runs'));
    await expect.poll(() => begun).toEqual(['runs']);
    expect(await other.cancel('runs')).toBe('told');
    await expect.poll(() => reason, { timeout: 5_000 }).toMatchObject({ code: 'CANCELLED' });
    await expect.poll(() => queue.depth()).toEqual({ waiting: 0, running: 0, failed: 0 });
  });

  it('finishes what it runs when it stops, and hands back what takes too long', async () => {
    const queue = await openQueue();
    const ended: string[] = [];
    const gate = new Gate();
    const worker = await queue.work(
      working({
        concurrency: 2,
        run: async ({ executionId }, { signal }) => {
          if (executionId === 'short') await gate.opened;
          else await new Promise((resolve) => signal.addEventListener('abort', resolve));
          signal.throwIfAborted();
          ended.push(executionId);
          return null;
        },
      }),
    );
    await queue.enqueue(request('short'));
    await queue.enqueue(request('long'));
    await expect.poll(() => queue.depth()).toMatchObject({ running: 2 });
    const stopping = worker.stop(200);
    gate.open();
    await stopping;
    expect(ended).toEqual(['short']);
    expect(await queue.depth()).toEqual({ waiting: 1, running: 0, failed: 0 });
    const attempts: number[] = [];
    await queue.work(
      working({
        run: async (_, { attempt }) => {
          attempts.push(attempt);
          return null;
        },
      }),
    );
    await expect.poll(() => attempts).toEqual([1]);
  });

  it('finds runs that lost their tickets', async () => {
    const queue = await openQueue();
    await queue.enqueue(request('lost'));
    await sql`delete from flowgit_queue.job where name = ${`runs_${tenant}`}`.execute(database.db);
    const done: string[] = [];
    await queue.work(
      working({
        run: async ({ executionId }) => {
          done.push(executionId);
          return null;
        },
      }),
    );
    await expect.poll(() => done).toEqual(['lost']);
  });
}

function working(given: Partial<WorkOptions>): WorkOptions {
  return { concurrency: 1, run: async () => null, onGivenUp: async () => {}, ...given };
}

function request(executionId: string, given: Partial<RunRequest> = {}): RunRequest {
  return { executionId, exclusiveKeys: [], ...given };
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `run-${at}`);
}

/** How many are inside at once. */
class Load {
  most = 0;
  #now = 0;

  during<T>(work: () => Promise<T>): Promise<T> {
    return Load.duringAll([this], work);
  }

  static async duringAll<T>(loads: readonly Load[], work: () => Promise<T>): Promise<T> {
    for (const load of loads) {
      load.#now += 1;
      load.most = Math.max(load.most, load.#now);
    }
    try {
      return await work();
    } finally {
      for (const load of loads) load.#now -= 1;
    }
  }
}

class Gate {
  open = () => {};
  readonly opened = new Promise<void>((resolve) => {
    this.open = resolve;
  });
}
