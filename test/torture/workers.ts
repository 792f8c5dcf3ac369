import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Engine, openEngine } from '../../src/executions/engine.js';
import type { ExecutionRecord } from '../../src/executions/types.js';
import { createGit } from '../../src/git/index.js';
import { silentLogger } from '../../src/logger.js';
import { inspectFlow } from '../../src/resources/flow.js';
import { memoryOutputFiles } from '../../src/runtime/create-context.js';
import { TaskRegistry } from '../../src/runtime/registry.js';
import { startGitServer } from '../../src/testing/git-server.js';
import type { StoredFlow } from '../../src/triggers/types.js';
import { allTasks } from '../../tasks/index.js';
import { temporaryDirectory } from '../support/bare-repository.js';
import { startPostgresServer } from '../support/start-postgres-server.js';
import { percentiles } from './percentiles.js';
import {
  commitToAll,
  createRepositories,
  flowsPerRepository,
  storeSyncs,
  syncSource,
} from './synced-repositories.js';

export interface WorkersTrial {
  repositories: number;
  /** Syncs in all, half of them before every repository gets a second commit. */
  syncs: number;
  /** Over how many seconds each half is spread. */
  seconds: number;
  /** Runs during which all workers are killed and started again. */
  restarted: number;
  leaseMs: number;
}

export interface WorkersResult {
  runs: number;
  lost: number;
  /** Contents that were written twice, or runs with more than one record of their task. */
  doubled: number;
  failed: number;
  takenOver: number;
  runsPerSecond: number;
  /** From when a run was due to when it began, and to when it ended. */
  waitMs: { p50: number; p99: number };
  totalMs: { p50: number; p99: number };
}

const workers = 3;
const concurrency = 4;
const program = fileURLToPath(new URL('./worker.ts', import.meta.url));

/**
 * Three worker processes over one PostgreSQL server: syncs of many repositories, one worker killed (-9) in the middle of
 * each half, and all of them during some more runs. Counts what was lost or done twice.
 */
export async function workTogether(trial: WorkersTrial): Promise<WorkersResult> {
  const directory = await temporaryDirectory();
  const [postgres, git] = await Promise.all([
    startPostgresServer(),
    startGitServer({ root: directory.path }),
  ]);
  const url = await postgres.createDatabase();
  const engine = await openParent(url);
  const crew = new Crew(url, trial.leaseMs);
  try {
    const repositories = await createRepositories(directory.path, trial.repositories);
    const flows = await storeFlows(engine, git.url, trial.repositories);
    await crew.fill();
    const began = performance.now();
    const due = new Map<string, number>();
    await phase(engine, crew, { flows, count: Math.ceil(trial.syncs / 2), seconds: trial.seconds, due });
    await commitToAll(repositories, 'second');
    await phase(engine, crew, { flows, count: Math.floor(trial.syncs / 2), seconds: trial.seconds, due });
    const seconds = (performance.now() - began) / 1000;
    const timed = new Set(due.keys());
    await restartDuring(engine, crew, { flows, count: trial.restarted, due });
    return await judge(engine, { due, timed, seconds, repositories: trial.repositories });
  } finally {
    crew.kill();
    await engine.close();
    await git.close();
    await postgres.stop();
    await directory.remove();
  }
}

function openParent(storageUrl: string): Promise<Engine> {
  return openEngine({
    storageUrl,
    registry: new TaskRegistry(allTasks),
    git: createGit(),
    logger: silentLogger,
    secrets: { get: async () => null },
    outputFiles: (executionId) => memoryOutputFiles(executionId),
  });
}

/** Worker processes. */
class Crew {
  readonly #url: string;
  readonly #leaseMs: number;
  #children: ChildProcess[] = [];

  constructor(url: string, leaseMs: number) {
    this.#url = url;
    this.#leaseMs = leaseMs;
  }

  /** Starts as many as are missing. */
  async fill(): Promise<void> {
    const missing = Array.from({ length: workers - this.#children.length }, () => this.#start());
    this.#children.push(...(await Promise.all(missing)));
  }

  killOne(): void {
    this.#children.shift()?.kill('SIGKILL');
  }

  kill(): void {
    for (const child of this.#children.splice(0)) child.kill('SIGKILL');
  }

  async #start(): Promise<ChildProcess> {
    const args = [program, this.#url, String(this.#leaseMs), String(concurrency)];
    const child = spawn(process.execPath, ['--import', 'tsx', ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve, reject) => {
      child.stdout.once('data', resolve);
      child.once('exit', () => reject(new Error('A worker ended by itself.')));
    });
    return child;
  }
}

interface Phase {
  flows: readonly StoredFlow[];
  count: number;
  seconds?: number;
  due: Map<string, number>;
}

/** Queues syncs and waits for their end; a worker is killed when a third of them has ended. */
async function phase(engine: Engine, crew: Crew, { flows, count, seconds = 0, due }: Phase): Promise<void> {
  const ids = await queueSyncs(engine, { flows, count, seconds, due });
  await untilEnded(engine, ids, Math.ceil(count / 3));
  crew.killOne();
  await crew.fill();
  await untilEnded(engine, ids, count);
}

async function restartDuring(engine: Engine, crew: Crew, { flows, count, due }: Phase): Promise<void> {
  const ids = await queueSyncs(engine, { flows, count, seconds: 0, due });
  await untilBusy(engine, ids);
  crew.kill();
  await crew.fill();
  await untilEnded(engine, ids, count);
}

async function queueSyncs(
  engine: Engine,
  { flows, count, seconds = 0, due }: Phase,
): Promise<ReadonlySet<string>> {
  const now = Date.now();
  const ids = new Set<string>();
  for (let index = 0; index < count; index += 1) {
    const flow = flows[index % flows.length] as StoredFlow;
    const at = now + (index / count) * seconds * 1000;
    const { executionId } = await engine.startRun({
      flow,
      trigger: { type: 'schedule', variables: {} },
      inputs: {},
      ...(seconds > 0 && { startAfter: new Date(at) }),
    });
    due.set(executionId, Math.max(at, seconds > 0 ? 0 : Date.now()));
    ids.add(executionId);
  }
  return ids;
}

async function untilEnded(engine: Engine, ids: ReadonlySet<string>, count: number): Promise<void> {
  const deadline = Date.now() + 600_000;
  for (;;) {
    const records = await allOf(engine);
    const ended = records.filter(({ id, endedAt }) => ids.has(id) && endedAt !== null).length;
    if (ended >= count) return;
    if (Date.now() > deadline) throw new Error(`${ended} of ${count} runs have ended after ten minutes.`);
    await delay(30);
  }
}

/** Waits until runs are under way, after the first of them have ended. */
async function untilBusy(engine: Engine, ids: ReadonlySet<string>): Promise<void> {
  for (;;) {
    const records = (await allOf(engine)).filter(({ id }) => ids.has(id));
    const ended = records.filter(({ endedAt }) => endedAt !== null).length;
    if (ended === ids.size) throw new Error('All runs have ended before anybody could be killed.');
    if (ended > 0 && records.some(({ startedAt, endedAt }) => startedAt !== null && endedAt === null)) return;
    await delay(2);
  }
}

function allOf(engine: Engine): Promise<ExecutionRecord[]> {
  return engine.executions.list({ limit: 100_000 });
}

interface Evidence {
  due: ReadonlyMap<string, number>;
  timed: ReadonlySet<string>;
  seconds: number;
  repositories: number;
}

async function judge(
  engine: Engine,
  { due, timed, seconds, repositories }: Evidence,
): Promise<WorkersResult> {
  const records = await allOf(engine);
  const byId = new Map(records.map((record) => [record.id, record]));
  const ended = records.filter(({ endedAt }) => endedAt !== null);
  const synced = await engine.storage.list({ kind: 'flow', namespace: 'team', children: true });
  // Two commits, so two revisions of every flow; a third one would be a second writing of the same.
  const wrong = synced.filter(({ revision }) => revision !== 2).length;
  const expected = repositories * flowsPerRepository;
  const twice = records.filter(({ taskRuns }) => taskRuns.length > 1).length;
  let takenOver = 0;
  for (const { id } of records) {
    const lines = await engine.executions.readLogs(id);
    if (lines.some(({ message }) => message.startsWith('begun again'))) takenOver += 1;
  }
  const measured = ended.filter(({ id }) => timed.has(id));
  const since = (record: ExecutionRecord, at: Date | null) =>
    Math.max(0, (at?.getTime() ?? 0) - (due.get(record.id) ?? 0));
  return {
    runs: due.size,
    lost: [...due.keys()].filter((id) => byId.get(id)?.endedAt == null).length + (expected - synced.length),
    doubled: wrong + twice + (records.length - due.size),
    failed: ended.filter(({ state }) => state !== 'SUCCESS').length,
    takenOver,
    runsPerSecond: Number((timed.size / seconds).toFixed(1)),
    waitMs: percentiles(measured.map((record) => since(record, record.startedAt))),
    totalMs: percentiles(measured.map((record) => since(record, record.endedAt))),
  };
}

async function storeFlows(engine: Engine, serverUrl: string, count: number): Promise<StoredFlow[]> {
  const url = (index: number) => `${serverUrl}/r${index}.git`;
  await storeSyncs(engine.storage, { count, url });
  return Array.from({ length: count }, (_, index) => {
    const id = `sync-${index}`;
    const { definition } = inspectFlow(syncSource(id, url(index)));
    if (definition === null) throw new Error('The flow is not valid.');
    return { namespace: 'system', id, revision: 1, definition, unknownTypes: [] };
  });
}
