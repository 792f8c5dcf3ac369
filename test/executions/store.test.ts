import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TaskRun } from '../../schemas/execution.js';
import { createExecutionStore } from '../../src/executions/store.js';
import type { ExecutionStore, NewExecution } from '../../src/executions/types.js';
import type { Database } from '../../src/storage/postgres/database.js';
import { openDatabase } from '../../src/storage/postgres/open.js';
import { temporaryDirectory } from '../support/bare-repository.js';
import { usePostgresServer } from '../support/postgres-server.js';

const server = usePostgresServer();

describe('an execution store on a server', () => {
  contract(async () => (await openDatabase(await server().createDatabase())).database);
});

describe('an execution store in this process', () => {
  contract(async () => {
    const { path, remove } = await temporaryDirectory();
    const { database } = await openDatabase(`pglite:${path}/data`);
    return { ...database, close: () => database.close().then(remove) };
  });
});

function contract(open: () => Promise<Database>): void {
  let database: Database;
  beforeAll(async () => {
    database = await open();
  }, 120_000);
  afterAll(() => database.close());
  const openStore = (tenant = `t-${randomUUID()}`): ExecutionStore =>
    createExecutionStore(database, { tenant });

  it('keeps an execution from its making to its end, which is final', async () => {
    const store = openStore();
    const made = execution({ inputs: { branch: 'main' } });
    expect(await store.create(made)).toBe(true);
    expect(await store.create({ ...made, flowId: 'other' })).toBe(false);
    expect(await store.get(made.id)).toEqual({
      ...made,
      state: 'QUEUED',
      outputs: {},
      error: null,
      startedAt: null,
      endedAt: null,
      checkpoint: null,
      taskRuns: [],
    });
    const [startedAt, endedAt] = [new Date('2026-01-01T00:00:01Z'), new Date('2026-01-01T00:00:02Z')];
    expect(await store.update(made.id, { state: 'RUNNING', startedAt })).toBe(true);
    const error = { code: 'TASK_FAILED', message: 'no', hint: null, retryable: false } as const;
    expect(await store.update(made.id, { state: 'FAILED', endedAt, error, outputs: { a: [1] } })).toBe(true);
    expect(await store.update(made.id, { state: 'SUCCESS', error: null })).toBe(false);
    const ended = { state: 'FAILED', startedAt, endedAt, error, outputs: { a: [1] } };
    expect(await store.get(made.id)).toMatchObject(ended);
    expect(await store.get('absent')).toBeNull();
    expect(await store.update('absent', { state: 'RUNNING' })).toBe(false);
  });

  it('lists the newest first, by namespace, flow, state and time, and tenants apart', async () => {
    const store = openStore();
    const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));
    await store.create(execution({ id: 'a', namespace: 'company', createdAt: at(1) }));
    await store.create(execution({ id: 'b', namespace: 'company.team', createdAt: at(2) }));
    await store.create(execution({ id: 'c', namespace: 'company2', flowId: 'other', createdAt: at(3) }));
    await store.update('b', { state: 'RUNNING' });
    const ids = async (filter: Parameters<ExecutionStore['list']>[0]) =>
      (await store.list(filter)).map(({ id }) => id);
    expect(await ids({})).toEqual(['c', 'b', 'a']);
    expect(await ids({ namespace: '', children: true, limit: 2 })).toEqual(['c', 'b']);
    expect(await ids({ namespace: 'company' })).toEqual(['a']);
    expect(await ids({ namespace: 'company', children: true })).toEqual(['b', 'a']);
    expect(await ids({ flowId: 'other' })).toEqual(['c']);
    expect(await ids({ states: ['RUNNING', 'PAUSED'] })).toEqual(['b']);
    expect(await ids({ before: at(2) })).toEqual(['a']);
    expect(await openStore().list({})).toEqual([]);
    expect(await openStore().get('a')).toBeNull();
  });

  it('puts task runs at their positions', async () => {
    const store = openStore();
    const { id } = execution();
    await store.create(execution({ id }));
    const [first, second] = [taskRun('first'), taskRun('second', { parent: 'each', value: 'x' })];
    await store.putTaskRun(id, 1, second);
    await store.putTaskRun(id, 0, taskRun('first', { state: 'FAILED' }));
    await store.putTaskRun(id, 0, first);
    expect((await store.get(id))?.taskRuns).toEqual([first, second]);
    expect((await store.list({}))[0]?.taskRuns).toEqual([first, second]);
  });

  it('numbers log lines, whatever is in them, and reads on from a number', async () => {
    const store = openStore();
    const { id } = execution();
    await store.create(execution({ id }));
    await store.appendLogs(id, []);
    await store.appendLogs(id, [line('one'), line('two', { fields: { list: [1, { deep: 'ü' }] } })]);
    await store.appendLogs(id, [line('th\0ree \uD800', { taskId: null, level: 'error' })]);
    const lines = await store.readLogs(id);
    expect(lines.map(({ number: _, ...rest }) => rest)).toEqual([
      line('one'),
      line('two', { fields: { list: [1, { deep: 'ü' }] } }),
      line('th\uFFFDree \uFFFD', { taskId: null, level: 'error' }),
    ]);
    const numbers = lines.map(({ number }) => number);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    const [, second] = lines;
    expect(await store.readLogs(id, { after: numbers[0], limit: 1 })).toEqual([second]);
    expect(await store.readLogs(id, { after: numbers[2] })).toEqual([]);
  });

  it('keeps one plan of each task about the same two sides', async () => {
    const store = openStore();
    const { id } = execution();
    await store.create(execution({ id }));
    await store.putPlan(id, { taskId: 'sync', plan: plan('main', 1) });
    await store.putPlan(id, { taskId: 'sync', plan: plan('other', 2) });
    await store.putPlan(id, { taskId: 'sync', plan: plan('main', 3) });
    expect(await store.plans(id)).toEqual([
      { taskId: 'sync', plan: plan('main', 3) },
      { taskId: 'sync', plan: plan('other', 2) },
    ]);
  });

  it('tells watchers of every kind of change, until they have had enough', async () => {
    const store = openStore();
    const { id } = execution();
    await store.create(execution({ id }));
    const told = async (change: () => Promise<unknown>) => {
      let stop = async () => {};
      const changed = new Promise<void>((resolve) => {
        void store.watch(id, resolve).then((end) => {
          stop = end;
          return change();
        });
      });
      await changed;
      await stop();
    };
    await told(() => store.update(id, { state: 'RUNNING' }));
    await told(() => store.putTaskRun(id, 0, taskRun('a')));
    await told(() => store.appendLogs(id, [line('x')]));
    await told(() => store.putPlan(id, { taskId: 'sync', plan: plan('main', 1) }));
  });
}

function execution(given: Partial<NewExecution> = {}): NewExecution {
  return {
    id: randomUUID(),
    namespace: 'company.team',
    flowId: 'hello',
    flowRevision: 3,
    trigger: { type: 'api', variables: { by: 'ada' } },
    inputs: {},
    createdAt: new Date('2026-01-01T00:00:00.123Z'),
    ...given,
  };
}

function taskRun(taskId: string, given: Partial<TaskRun> = {}): TaskRun {
  return {
    taskId,
    type: 'core.log.Log',
    state: 'SUCCESS',
    attempts: 1,
    startedAt: '2026-01-01T00:00:01.000Z',
    durationMs: 1.5,
    outputs: { value: 'x' },
    error: null,
    ...given,
  };
}

function line(message: string, given = {}) {
  const at = new Date('2026-01-01T00:00:01.500Z');
  return { taskId: 'log', level: 'info' as const, message, fields: {}, at, ...given };
}

function plan(revision: string, added: number) {
  const none = { updated: 0, overwritten: 0, deleted: 0, unchanged: 0, invalid: 0, conflicted: 0 };
  return {
    version: 1 as const,
    direction: 'SYNC' as const,
    task: 'git.SyncFlows',
    source: {
      kind: 'git' as const,
      url: 'https://git.example/x',
      revision,
      commit: null,
      directory: '_flows',
    },
    target: {
      kind: 'storage' as const,
      location: 'memory:',
      resource: 'flow' as const,
      namespace: 'company',
      children: true,
    },
    changes: [],
    summary: { added, ...none },
  };
}
