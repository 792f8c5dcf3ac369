import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { aloneWithQueue } from '../queue/lock.js';
import { openRunQueue, type RunQueueOptions } from '../queue/queue.js';
import type { QueueWorker, RunQueue } from '../queue/types.js';
import { openStorage } from '../storage/open.js';
import { openDatabase } from '../storage/postgres/open.js';
import { openTemporaryDatabase } from '../storage/postgres/pglite.js';
import { createPostgresStorage } from '../storage/postgres.js';
import type { StorageAdapter } from '../storage/types.js';
import { startOne } from '../triggers/start-one.js';
import type { StartRun, StartRuns } from '../triggers/types.js';
import type { EngineStorage } from './fenced-storage.js';
import { resumeExecution } from './resume.js';
import { keepPurging, type Retention } from './retention.js';
import { createRunner, type RunSurroundings } from './run-execution.js';
import { startingRuns } from './start-runs.js';
import { createExecutionStore } from './store.js';
import type { ExecutionStore } from './types.js';

/** What a server or a worker runs flows with. */
export interface Engine {
  tenant: string;
  storage: StorageAdapter;
  executions: ExecutionStore;
  /** Its `cancel` also ends an execution that has not begun. */
  queue: RunQueue;
  startRun: StartRun;
  startRuns: StartRuns;
  /**
   * Lets a paused execution go on; false when it does not wait for that.
   * @throws InvalidPropertiesError when these are not the inputs it asks for
   */
  resume(executionId: string, inputs: Readonly<Record<string, unknown>>): Promise<boolean>;
  /** Carries queued executions out in this process. */
  work(options: { concurrency: number }): Promise<QueueWorker>;
  /** Removes old executions now and then, until the engine is closed. */
  keepPurging(retention: Retention): void;
  /** Stops workers at once, and closes the storage. */
  close(): Promise<void>;
}

export interface EngineOptions extends RunSurroundings {
  storageUrl: string;
  cwd?: string | undefined;
  lockTimeoutMs?: number | undefined;
  queue?: Omit<RunQueueOptions, 'tenant' | 'logger'> | undefined;
}

/**
 * Opens a storage, and the executions and the queue that belong to it: in the same database where it is one, for
 * `file:DIR` in a database of this process below `DIR/.flowgit/server`, for `memory:` in memory.
 * @throws UnsupportedError, StorageLockedError, AuthenticationFailedError, NetworkError, StorageError
 */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const opened = await openPlaces(options);
  const { storage, database, tenant } = opened;
  let stopPurging = async () => {};
  const close = async () => {
    await stopPurging();
    await storage.close?.();
    await database.close();
  };
  try {
    const queue = await openRunQueue(database, { tenant, logger: options.logger, ...options.queue });
    const executions = createExecutionStore(database, { tenant });
    const runner = createRunner(opened, executions, options);
    const startRuns = startingRuns(opened, queue, options.registry);
    return {
      tenant,
      storage,
      executions,
      queue: { ...queue, cancel: (executionId) => cancelExecution(opened, executions, queue, executionId) },
      startRun: (request) => startOne(startRuns, request),
      startRuns,
      resume: (executionId, inputs) =>
        resumeExecution({ ...opened, queue, outputFiles: options.outputFiles }, executionId, inputs),
      work: ({ concurrency }) => queue.work({ concurrency, ...runner }),
      keepPurging(retention) {
        stopPurging = keepPurging(database, { tenant, retention, logger: options.logger });
      },
      async close() {
        await queue.close();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openPlaces({ storageUrl, cwd = '.', lockTimeoutMs }: EngineOptions): Promise<EngineStorage> {
  const given = { cwd, ...(lockTimeoutMs !== undefined && { lockTimeoutMs }) };
  if (!/^(file|memory):/.test(storageUrl)) {
    const { database, tenant } = await openDatabase(storageUrl, given);
    return { storage: createPostgresStorage(database, { tenant }), database, tenant, isDatabase: true };
  }
  const storage = await openStorage(storageUrl, given);
  try {
    const database = storageUrl.startsWith('memory:')
      ? await openTemporaryDatabase()
      : (await openDatabase(`pglite:${serverDirectory(storageUrl, cwd)}`, given)).database;
    return { storage, database, tenant: 'main', isDatabase: false };
  } catch (error) {
    await storage.close?.();
    throw error;
  }
}

function serverDirectory(storageUrl: string, cwd: string): string {
  const path = storageUrl.startsWith('file://')
    ? fileURLToPath(storageUrl)
    : storageUrl.slice('file:'.length);
  return join(resolve(cwd, path), '.flowgit', 'server');
}

async function cancelExecution(
  { database, tenant }: EngineStorage,
  executions: ExecutionStore,
  queue: RunQueue,
  executionId: string,
) {
  const outcome = await aloneWithQueue(database, tenant, (tx) => queue.cancel(executionId, tx));
  // Whoever runs it records its end.
  if (outcome !== 'told') await executions.update(executionId, { state: 'CANCELLED', endedAt: new Date() });
  return outcome;
}
