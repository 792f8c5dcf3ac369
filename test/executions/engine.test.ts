import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InvalidRequestError } from '../../src/errors.js';
import { type Engine, type EngineOptions, openEngine } from '../../src/executions/engine.js';
import { fencedStorage } from '../../src/executions/fenced-storage.js';
import type { ExecutionRecord } from '../../src/executions/types.js';
import { createGit, createRemotePolicy } from '../../src/git/index.js';
import { silentLogger } from '../../src/logger.js';
import type { Lease } from '../../src/queue/types.js';
import { inspectFlow } from '../../src/resources/flow.js';
import { memoryOutputFiles } from '../../src/runtime/create-context.js';
import { TaskRegistry } from '../../src/runtime/registry.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import { openDatabase } from '../../src/storage/postgres/open.js';
import { apply, everyFlow, flow, put } from '../../src/testing/storage-contract/case.js';
import type { StoredFlow } from '../../src/triggers/types.js';
import { allTasks } from '../../tasks/index.js';
import { temporaryDirectory } from '../support/bare-repository.js';
import { usePostgresServer } from '../support/postgres-server.js';
import { createWorld, flowSource, type World } from '../support/world.js';

const server = usePostgresServer();
const registry = new TaskRegistry(allTasks);
let directory: string;
let engines: Engine[];
let world: World;
let removeDirectory: () => Promise<void>;

beforeEach(async () => {
  ({ path: directory, remove: removeDirectory } = await temporaryDirectory());
  world = await createWorld({ files: { '_flows/hello.yml': flowSource('company.team', 'hello') } });
  engines = [];
});
afterEach(async () => {
  for (const engine of engines) await engine.close();
  await world.close();
  await removeDirectory();
});

async function open(storageUrl: string, given: Partial<EngineOptions> = {}): Promise<Engine> {
  const engine = await openEngine({
    storageUrl,
    registry,
    git: createGit(),
    logger: silentLogger,
    secrets: { get: async (name) => (name === 'TOKEN' ? 'hush-hush' : null) },
    outputFiles: (executionId) => memoryOutputFiles(executionId),
    queue: { leaseMs: 1_500, pollMs: 20 },
    ...given,
  });
  engines.push(engine);
  return engine;
}

async function store(engine: Engine, id: string, tasks: string): Promise<StoredFlow> {
  const source = `id: ${id}\nnamespace: system\ntasks:\n${tasks.replaceAll(/^/gm, '  ')}`;
  const key = { kind: 'flow', namespace: 'system', id } as const;
  const [present] = await engine.storage.read([key]);
  const content = Buffer.from(source);
  const [applied] = await engine.storage.apply({
    changes: [{ action: 'put', key, content, expectedOid: present?.oid ?? null }],
  });
  const { definition } = inspectFlow(source);
  if (definition === null) throw new Error('The flow is not valid.');
  return { namespace: 'system', id, revision: applied?.revision ?? 0, definition, unknownTypes: [] };
}

const api = { type: 'api', variables: {} } as const;
const start = (engine: Engine, flow: StoredFlow, given = {}) =>
  engine.startRun({ flow, trigger: api, inputs: {}, ...given });

async function ended(engine: Engine, id: string): Promise<ExecutionRecord> {
  await expect
    .poll(() => engine.executions.get(id), { timeout: 15_000 })
    .toMatchObject({
      endedAt: expect.any(Date),
    });
  return (await engine.executions.get(id)) as ExecutionRecord;
}

const sync = () =>
  `- id: sync\n  type: git.SyncFlows\n  url: ${world.url}\n  branch: main\n  targetNamespace: company.team\n`;

describe('an engine', () => {
  for (const kind of ['memory:', 'file:', 'pglite:', 'postgres://']) {
    it(`carries a queued sync out over ${kind}, and keeps its plan, task runs and logs`, async () => {
      const url =
        kind === 'memory:'
          ? kind
          : kind === 'postgres://'
            ? await server().createDatabase()
            : `${kind}${join(directory, 'data')}`;
      const engine = await open(url);
      await engine.work({ concurrency: 2 });
      const { executionId, started } = await start(engine, await store(engine, 'sync', sync()));
      expect(started).toBe(true);
      const record = await ended(engine, executionId);
      expect(record).toMatchObject({ state: 'SUCCESS', flowRevision: 1, error: null });
      expect(record.taskRuns).toMatchObject([{ taskId: 'sync', state: 'SUCCESS', attempts: 1 }]);
      const [planned] = await engine.executions.plans(executionId);
      expect(planned).toMatchObject({ taskId: 'sync', plan: { summary: { added: 1 } } });
      const logs = await engine.executions.readLogs(executionId);
      expect(logs.map(({ taskId, message }) => [taskId, message])).toContainEqual(['sync', 'plan made']);
      const flows = await engine.storage.list(everyFlow);
      expect(flows.map(({ key }) => key.id)).toEqual(['hello', 'sync']);
    });
  }

  it('runs the revision that was asked for, and tells when the flow is gone', async () => {
    const engine = await open(await server().createDatabase());
    const say = (text: string) => `- id: say\n  type: core.debug.Return\n  format: ${text}\n`;
    const first = await start(engine, await store(engine, 'say', say('first')));
    await store(engine, 'say', say('second'));
    const gone = await start(engine, { ...(await store(engine, 'gone', say('x'))), id: 'absent' });
    await engine.work({ concurrency: 1 });
    expect((await ended(engine, first.executionId)).taskRuns).toMatchObject([
      { outputs: { value: 'first' } },
    ]);
    expect(await ended(engine, gone.executionId)).toMatchObject({
      state: 'FAILED',
      error: { code: 'FLOW_NOT_FOUND' },
    });
  });

  it('says what is wrong when the database cannot take a run, and takes it when it can again', async () => {
    const url = await server().createDatabase();
    const engine = await open(url);
    const flow = await store(engine, 'sync', sync());
    const { database } = await openDatabase(url);
    // What PostgreSQL says when its disk is full.
    await sql`create function flowgit.full_disk() returns trigger language plpgsql as $$
      begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$`.execute(
      database.db,
    );
    await sql`create trigger full_disk before insert on flowgit.run
      execute function flowgit.full_disk()`.execute(database.db);
    await expect(start(engine, flow)).rejects.toMatchObject({
      code: 'STORAGE_ERROR',
      message: expect.stringContaining('No space left on device'),
      hint: 'Its disk is full: free some space there and run again.',
    });
    expect(await engine.executions.list({})).toMatchObject([]);
    await sql`drop trigger full_disk on flowgit.run`.execute(database.db);
    await database.close();
    expect(await start(engine, flow)).toMatchObject({ started: true });
  });

  it('starts many together: each once, those that fail before they run, and none that is needless', async () => {
    const engine = await open(await server().createDatabase());
    const flow = await store(engine, 'sync', sync());
    const request = { flow, trigger: api, inputs: { 'a "quoted"': 'é' } };
    const failure = new InvalidRequestError('It has no inputs.');
    const requests = [
      ...Array.from({ length: 150 }, (_, index) => ({ ...request, executionId: `run-${index}` })),
      { ...request, executionId: 'first', coalesceKey: 'k' },
      { ...request, executionId: 'needless', coalesceKey: 'k' },
      { ...request, executionId: 'run-0' },
      { ...request, executionId: 'broken', failure },
    ];
    const both = await Promise.all([engine.startRuns(requests), engine.startRuns(requests)]);
    const started = both.flat().filter((one) => one.started);
    expect(started.map(({ executionId }) => executionId).sort()).toEqual(
      ['broken', 'first', ...requests.slice(0, 150).map(({ executionId }) => executionId)].sort(),
    );
    expect((await engine.queue.depth()).waiting).toBe(151);
    expect(await engine.executions.get('needless')).toBeNull();
    expect(await engine.executions.get('run-7')).toMatchObject({ state: 'QUEUED', inputs: request.inputs });
    expect(await engine.executions.get('broken')).toMatchObject({
      state: 'FAILED',
      error: { code: 'INVALID_ARGUMENTS', message: 'It has no inputs.' },
      endedAt: expect.any(Date),
    });
    const paged: string[] = [];
    for (let page = await engine.executions.list({ limit: 50 }); page.length > 0; ) {
      paged.push(...page.map(({ id }) => id));
      page = await engine.executions.list({ limit: 50, beforeId: paged.at(-1) });
    }
    expect(paged).toHaveLength(152);
    expect(new Set(paged).size).toBe(152);
  });

  it('starts a request once, however often it comes, and none that a waiting run makes needless', async () => {
    const engine = await open(await server().createDatabase());
    const flow = await store(engine, 'sync', sync());
    const executionId = 'delivery-1';
    expect(await start(engine, flow, { executionId, coalesceKey: 'k' })).toEqual({
      executionId,
      started: true,
    });
    expect(await start(engine, flow, { executionId })).toEqual({ executionId, started: false });
    expect(await start(engine, flow, { coalesceKey: 'k' })).toMatchObject({
      started: false,
      reason: 'waiting',
    });
    expect(await engine.executions.list({})).toHaveLength(1);
  });

  it('keeps secrets out of whatever it stores', async () => {
    const engine = await open(await server().createDatabase());
    const tasks = `- id: leak
  type: core.debug.Return
  format: "{{ secret('TOKEN') }}"
- id: log
  type: core.log.Log
  message: "it is {{ outputs.leak.value }}"
- id: fail
  type: core.execution.Fail
  errorMessage: "with {{ outputs.leak.value }}"
`;
    await engine.work({ concurrency: 1 });
    const { executionId } = await start(engine, await store(engine, 'leak', tasks));
    const record = await ended(engine, executionId);
    expect(record.state).toBe('FAILED');
    const kept = JSON.stringify([record, await engine.executions.readLogs(executionId)]);
    expect(kept).toContain('it is ***');
    expect(kept).not.toContain('hush-hush');
  });

  it('cancels a run that waits and a run that runs', async () => {
    const engine = await open(await server().createDatabase());
    const pauseless = `- id: long
  type: git.SyncFlows
  url: ${world.url}
  targetNamespace: company.team
`;
    const flow = await store(engine, 'long', pauseless);
    const waiting = await start(engine, flow);
    await engine.queue.cancel(waiting.executionId);
    expect(await engine.executions.get(waiting.executionId)).toMatchObject({
      state: 'CANCELLED',
      startedAt: null,
    });
    await world.server.close();
    const stuck = await createWorld({
      server: { intercept: () => new Promise<boolean>(() => {}) },
    });
    const running = await start(
      engine,
      await store(engine, 'stuck', pauseless.replace(world.url, stuck.url)),
    );
    await engine.work({ concurrency: 1 });
    await expect.poll(() => engine.executions.get(running.executionId)).toMatchObject({ state: 'RUNNING' });
    await engine.queue.cancel(running.executionId);
    expect(await ended(engine, running.executionId)).toMatchObject({ state: 'CANCELLED' });
    await stuck.close();
  });

  it('hands a run back whose worker stops', async () => {
    const engine = await open(await server().createDatabase());
    const stuck = await createWorld({ server: { intercept: () => new Promise<boolean>(() => {}) } });
    const { executionId } = await start(
      engine,
      await store(engine, 'sync', sync().replace(world.url, stuck.url)),
    );
    const worker = await engine.work({ concurrency: 1 });
    await expect.poll(() => engine.executions.get(executionId)).toMatchObject({ state: 'RUNNING' });
    await worker.stop(50);
    expect(await engine.executions.get(executionId)).toMatchObject({ state: 'QUEUED', endedAt: null });
    expect(await engine.queue.depth()).toEqual({ waiting: 1, running: 0, failed: 0 });
    await stuck.close();
  });

  it('gives a run up that fails again and again for reasons outside the flow, until it is replayed', async () => {
    let isBroken = true;
    const engine = await open(await server().createDatabase(), {
      queue: { leaseMs: 1_500, pollMs: 20, maxAttempts: 2 },
      outputFiles: (executionId) => {
        if (isBroken) throw new Error('no space left on device');
        return memoryOutputFiles(executionId);
      },
    });
    await engine.work({ concurrency: 1 });
    const flow = await store(engine, 'say', '- id: say\n  type: core.debug.Return\n  format: x\n');
    const { executionId } = await start(engine, flow);
    const dead = await ended(engine, executionId);
    expect(dead).toMatchObject({ state: 'FAILED', error: { code: 'INTERNAL_ERROR' } });
    await expect.poll(() => engine.queue.depth()).toEqual({ waiting: 0, running: 0, failed: 1 });
    isBroken = false;
    const replay = await start(engine, flow, { trigger: { ...api, type: 'replay', id: executionId } });
    expect(await ended(engine, replay.executionId)).toMatchObject({ state: 'SUCCESS' });
    await expect.poll(() => engine.queue.depth()).toEqual({ waiting: 0, running: 0, failed: 0 });
  });

  it('refuses remotes that its policy does not allow', async () => {
    const engine = await open('memory:', { git: createGit({ policy: createRemotePolicy() }) });
    await engine.work({ concurrency: 1 });
    const { executionId } = await start(engine, await store(engine, 'sync', sync()));
    expect((await ended(engine, executionId)).taskRuns).toMatchObject([
      { error: { code: 'REMOTE_NOT_ALLOWED' } },
    ]);
  });

  it('writes nothing for a run that another worker has by now, in one transaction with the check', async () => {
    const url = await server().createDatabase();
    const engine = await open(url);
    const leases: Lease[] = [];
    await start(engine, await store(engine, 'sync', sync()));
    const work = {
      concurrency: 1,
      onGivenUp: async () => {},
      async run(_: unknown, lease: Lease) {
        leases.push(lease);
        if (leases.length === 1) await aborted(lease.signal);
        return null;
      },
    };
    await engine.queue.work(work);
    await expect.poll(() => leases.length).toBe(1);
    const [lease] = leases;
    const { database, tenant } = await openDatabase(url);
    const elsewhere = createMemoryStorage();
    const fenced = [
      fencedStorage({ storage: engine.storage, database, tenant, isDatabase: true }, lease as Lease),
      fencedStorage({ storage: elsewhere, database, tenant, isDatabase: false }, lease as Lease),
    ];
    for (const storage of fenced) await apply(storage, put(flow('company', 'in-time'), 'x'));
    // As another worker does that finds the lease run out.
    await sql`update flowgit.run set state = 'waiting', ticket = null`.execute(database.db);
    await expect.poll(() => lease?.signal.reason, { timeout: 5_000 }).toMatchObject({ code: 'LEASE_LOST' });
    for (const storage of fenced) {
      const late = apply(storage, put(flow('company', 'late'), 'x'));
      await expect(late).rejects.toMatchObject({ code: 'LEASE_LOST' });
      expect((await storage.list(everyFlow)).map(({ key }) => key.id)).not.toContain('late');
    }
    await expect.poll(() => leases.length).toBe(2);
    await database.close();
  });
});

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
