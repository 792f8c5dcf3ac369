import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import pLimit from 'p-limit';
import { type Engine, openEngine } from '../src/executions/engine.js';
import { createGit } from '../src/git/index.js';
import { silentLogger } from '../src/logger.js';
import { inspectFlow } from '../src/resources/flow.js';
import { memoryOutputFiles } from '../src/runtime/create-context.js';
import { TaskRegistry } from '../src/runtime/registry.js';
import { openDatabase } from '../src/storage/postgres/open.js';
import type { StoredFlow } from '../src/triggers/types.js';
import { allTasks } from '../tasks/index.js';
import { startPostgresServer } from '../test/support/start-postgres-server.js';
import { type Percentiles, percentiles } from '../test/torture/percentiles.js';
import { endOnInterruption, interruption } from './interruption.js';
import { nodeEnvironment } from './programs.js';

/** What a queue in a PostgreSQL server does with a number of worker processes, and runs of one task that does nothing. */
export interface QueueResult {
  name: string;
  workers: number;
  runs: number;
  /** While everything is queued at once. */
  queuedPerSecond: number;
  runsPerSecond: number;
  /** From when a run was queued until it began, and until its end was recorded, with few runs at a time. */
  toStartMs: Percentiles;
  toEndMs: Percentiles;
}

export interface QueueCase {
  name: string;
  workers: number;
}

export interface QueueOptions {
  /** Path of the built `flowgit`. */
  command: string;
  /** Queued at once. */
  runs: number;
  /** Queued one after another, at `everyMs`. */
  spacedRuns: number;
}

export const queueCases: readonly QueueCase[] = [1, 2, 3].map((workers) => ({
  name: workers === 1 ? 'queue-1-worker' : `queue-${workers}-workers`,
  workers,
}));

const everyMs = 25;
const queuedAtOnce = 8;
const source =
  'id: nothing\nnamespace: system\ntasks:\n  - id: nothing\n    type: core.debug.Return\n    format: x\n';

/** Starts a PostgreSQL server and real `flowgit worker` processes, and takes times from what they record. */
export async function measureQueue(
  { name, workers }: QueueCase,
  { command, runs, spacedRuns }: QueueOptions,
): Promise<QueueResult> {
  const postgres = await startPostgresServer();
  const children: ChildProcess[] = [];
  try {
    interruption.throwIfAborted();
    const url = await postgres.createDatabase();
    const engine = await openEngine({
      storageUrl: url,
      registry: new TaskRegistry(allTasks),
      git: createGit(),
      logger: silentLogger,
      secrets: { get: async () => null },
      outputFiles: (executionId) => memoryOutputFiles(executionId),
    });
    try {
      const flow = await storeFlow(engine);
      for (let count = 0; count < workers; count += 1) children.push(await startWorker(command, url));
      // The first runs compile what the others run.
      await carryOut(engine, url, { flow, count: 20 * workers, everyMs: 0, prefix: 'warm' });
      const burst = await carryOut(engine, url, { flow, count: runs, everyMs: 0, prefix: 'burst' });
      const spaced = await carryOut(engine, url, { flow, count: spacedRuns, everyMs, prefix: 'spaced' });
      return {
        name,
        workers,
        runs,
        queuedPerSecond: burst.queuedPerSecond,
        runsPerSecond: burst.runsPerSecond,
        toStartMs: percentiles(spaced.toStartMs),
        toEndMs: percentiles(spaced.toEndMs),
      };
    } finally {
      await engine.close();
    }
  } finally {
    await Promise.all(children.map((child) => ended(child)));
    await postgres.stop();
  }
}

async function storeFlow(engine: Engine): Promise<StoredFlow> {
  const key = { kind: 'flow', namespace: 'system', id: 'nothing' } as const;
  await engine.storage.apply({
    changes: [{ action: 'put', key, content: Buffer.from(source), expectedOid: null }],
  });
  const { definition } = inspectFlow(source);
  if (definition === null) throw new Error('The flow is not valid.');
  return { namespace: 'system', id: 'nothing', revision: 1, definition, unknownTypes: [] };
}

interface Load {
  flow: StoredFlow;
  count: number;
  everyMs: number;
  prefix: string;
}

/** Queues runs and waits until each has ended. */
async function carryOut(engine: Engine, url: string, { flow, count, everyMs: pauseMs, prefix }: Load) {
  const limit = pLimit(queuedAtOnce);
  const began = Date.now();
  const queued: Promise<unknown>[] = [];
  for (let index = 0; index < count; index += 1) {
    const trigger = { type: 'api', variables: {} } as const;
    const executionId = `${prefix}-${index}`;
    const run = limit(() => engine.startRun({ flow, trigger, inputs: {}, executionId }));
    run.catch(() => {}); // told when all are waited for
    queued.push(run);
    if (pauseMs > 0) await delay(pauseMs, undefined, { signal: interruption });
  }
  await Promise.all(queued);
  const queuedSeconds = (Date.now() - began) / 1000;
  const rows = await untilEnded(url, prefix, count);
  const last = Math.max(...rows.map(({ ended_at: at }) => at.getTime()));
  return {
    queuedPerSecond: Math.round(count / queuedSeconds),
    runsPerSecond: Math.round((1000 * count) / (last - began)),
    toStartMs: rows.map((row) => row.started_at.getTime() - row.created_at.getTime()),
    toEndMs: rows.map((row) => row.ended_at.getTime() - row.created_at.getTime()),
  };
}

interface EndedRow {
  created_at: Date;
  started_at: Date;
  ended_at: Date;
}

async function untilEnded(url: string, prefix: string, count: number): Promise<EndedRow[]> {
  const { database } = await openDatabase(url);
  try {
    for (;;) {
      const { rows } = await sql<EndedRow>`
        select created_at, started_at, ended_at from flowgit.execution
        where id like ${`${prefix}-%`} and ended_at is not null and state = 'SUCCESS'`.execute(database.db);
      if (rows.length === count) return rows;
      await delay(100, undefined, { signal: interruption });
    }
  } finally {
    await database.close();
  }
}

async function startWorker(command: string, url: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [command, 'worker', '--storage', url], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: nodeEnvironment,
  });
  endOnInterruption(child);
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk) => {
      if (String(chunk).includes('The worker takes runs')) resolve();
    });
    child.once('exit', () => reject(new Error('A worker ended before it took anything.')));
  });
  return child;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
