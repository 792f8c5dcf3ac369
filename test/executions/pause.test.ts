import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Engine, openEngine } from '../../src/executions/engine.js';
import { createGit } from '../../src/git/index.js';
import { silentLogger } from '../../src/logger.js';
import { inspectFlow } from '../../src/resources/flow.js';
import { memoryOutputFiles } from '../../src/runtime/create-context.js';
import { TaskRegistry } from '../../src/runtime/registry.js';
import { allTasks } from '../../tasks/index.js';
import { temporaryDirectory } from '../support/bare-repository.js';

let directory: string;
let remove: () => Promise<void>;
let engine: Engine;

beforeEach(async () => {
  ({ path: directory, remove } = await temporaryDirectory());
  engine = await open();
});
afterEach(async () => {
  await engine.close();
  await remove();
});

/** Opens the same storage again and again, as a server that is restarted. */
async function open(): Promise<Engine> {
  const opened = await openEngine({
    storageUrl: `pglite:${directory}/data`,
    registry: new TaskRegistry(allTasks),
    git: createGit(),
    logger: silentLogger,
    secrets: { get: async () => null },
    outputFiles: (executionId) => memoryOutputFiles(executionId),
    queue: { leaseMs: 1_500, pollMs: 20 },
  });
  await opened.work({ concurrency: 2 });
  return opened;
}

async function start(tasks: string, rest = ''): Promise<string> {
  const source = `id: waits\nnamespace: system\n${rest}tasks:\n${tasks.replaceAll(/^/gm, '  ')}`;
  const key = { kind: 'flow', namespace: 'system', id: 'waits' } as const;
  await engine.storage.apply({
    changes: [{ action: 'put', key, content: Buffer.from(source), expectedOid: null }],
  });
  const { definition, problems } = inspectFlow(source);
  if (definition === null) throw new Error(JSON.stringify(problems));
  const flow = { namespace: 'system', id: 'waits', revision: 1, definition, unknownTypes: [] };
  const trigger = { type: 'api', variables: {} } as const;
  return (await engine.startRun({ flow, trigger, inputs: {} })).executionId;
}

async function becomes(id: string, state: string) {
  await expect.poll(() => engine.executions.get(id), { timeout: 10_000 }).toMatchObject({ state });
  const record = await engine.executions.get(id);
  if (record === null) throw new Error('The execution is gone.');
  return record;
}

const states = (record: { taskRuns: readonly { taskId: string; state: string }[] }) =>
  record.taskRuns.map(({ taskId, state }) => `${taskId} ${state}`);

const approval = `- id: before
  type: core.debug.Return
  format: "{{ uuid() }}"
- id: approve
  type: io.kestra.plugin.core.flow.Pause
  onResume:
    - id: reason
      type: STRING
    - id: count
      type: INT
      defaults: 3
- id: after
  type: core.debug.Return
  format: "{{ outputs.before.value }} {{ outputs.approve.onResume.reason }} {{ outputs.approve.onResume.count }}"
`;

describe('a paused execution', () => {
  it('waits over a restart, and goes on where it stood with what it was resumed with', async () => {
    const id = await start(approval, 'finally:\n  - id: last\n    type: core.log.Log\n    message: end\n');
    const paused = await becomes(id, 'PAUSED');
    expect(states(paused)).toEqual(['before SUCCESS', 'approve PAUSED']);
    expect(paused).toMatchObject({
      endedAt: null,
      checkpoint: {
        waiting: { taskId: 'approve', until: null, onResume: [{ id: 'reason' }, { id: 'count' }] },
      },
    });
    expect(await engine.queue.depth()).toEqual({ waiting: 0, running: 0, failed: 0 });
    await engine.close();
    engine = await open();
    await expect(engine.resume(id, { other: 1 })).rejects.toMatchObject({ code: 'INVALID_PROPERTIES' });
    expect(await engine.resume(id, { reason: 'fine' })).toBe(true);
    expect(await engine.resume(id, { reason: 'again' })).toBe(false);
    const done = await becomes(id, 'SUCCESS');
    expect(states(done)).toEqual(['before SUCCESS', 'approve SUCCESS', 'after SUCCESS', 'last SUCCESS']);
    // It was not run again: its output is the same.
    expect(done.taskRuns[0]).toEqual(paused.taskRuns[0]);
    expect(done.taskRuns[2]?.outputs).toEqual({ value: `${paused.taskRuns[0]?.outputs.value} fine 3` });
    expect(done.startedAt).toEqual(paused.startedAt);
    expect(await engine.resume(id, {})).toBe(false);
  });

  it('goes on by itself when its time is over, as it was told to', async () => {
    const wait = (more: string) =>
      `- id: wait\n  type: core.flow.Pause\n${more}- id: after\n  type: core.log.Log\n  message: x\n`;
    const id = await start(wait('  pauseDuration: PT0.2S\n  behavior: warn\n'));
    await becomes(id, 'PAUSED');
    expect(states(await becomes(id, 'WARNING'))).toEqual(['wait WARNING', 'after SUCCESS']);
  });

  it('fails when its timeout is over', async () => {
    const id = await start('- id: wait\n  type: core.flow.Pause\n  timeout: PT0.2S\n');
    const failed = await becomes(id, 'FAILED');
    expect(failed.taskRuns).toMatchObject([
      { taskId: 'wait', state: 'FAILED', error: { code: 'TASK_FAILED' } },
    ]);
  });

  it('whose time is over while no server runs fails when one is back', async () => {
    const id = await start('- id: wait\n  type: core.flow.Pause\n  timeout: PT0.5S\n');
    await becomes(id, 'PAUSED');
    await engine.close();
    await delay(600);
    engine = await open();
    const failed = await becomes(id, 'FAILED');
    expect(states(failed)).toEqual(['wait FAILED']);
  });

  it('can be cancelled, and goes on no more', async () => {
    const id = await start(approval);
    await becomes(id, 'PAUSED');
    await engine.queue.cancel(id);
    expect(await becomes(id, 'CANCELLED')).toMatchObject({ endedAt: expect.any(Date) });
    expect(await engine.resume(id, { reason: 'late' })).toBe(false);
    await delay(50);
    await becomes(id, 'CANCELLED');
  });

  it('stands at each iteration of a loop in turn, and runs nothing twice', async () => {
    const id = await start(`- id: each
  type: core.flow.ForEach
  values: [a, b]
  tasks:
    - id: first
      type: core.debug.Return
      format: "{{ taskrun.value }} {{ uuid() }}"
    - id: gate
      type: core.flow.Pause
    - id: second
      type: core.debug.Return
      format: "{{ outputs.first[taskrun.value].value }}"
`);
    const one = await becomes(id, 'PAUSED');
    expect(states(one)).toEqual(['each PAUSED', 'first SUCCESS', 'gate PAUSED']);
    await engine.resume(id, {});
    await expect
      .poll(async () => (await engine.executions.get(id))?.checkpoint?.waiting?.place)
      .toBe('gate/1');
    await becomes(id, 'PAUSED');
    await engine.resume(id, {});
    const done = await becomes(id, 'SUCCESS');
    const outputs = done.taskRuns.map(({ taskId, outputs }) => [taskId, outputs.value]);
    const [, first] = one.taskRuns;
    expect(outputs.filter(([taskId]) => taskId === 'first')[0]).toEqual(['first', first?.outputs.value]);
    expect(outputs.filter(([taskId]) => taskId === 'second')).toHaveLength(2);
    expect(done.taskRuns).toHaveLength(7);
  });
});
