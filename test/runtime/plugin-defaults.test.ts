import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FlowDefinition, PluginDefault } from '../../schemas/flow.js';
import { pluginDefaultsOf, withPluginDefaults } from '../../src/runtime/plugin-defaults.js';
import { TaskRegistry } from '../../src/runtime/registry.js';
import { coreTasks } from '../../tasks/core/index.js';
import { execute, flowOf } from './harness.js';
import { Secretive } from './task-doubles.js';

const registry = new TaskRegistry([...coreTasks, Secretive]);
const entry = (type: string, values: Record<string, unknown>, forced = false): PluginDefault => ({
  type,
  values,
  forced,
});
const merged = (task: Record<string, unknown>, ...defaults: PluginDefault[]) => {
  const { id, type, ...values } = withPluginDefaults(
    { id: 'one', type: 'test.Secretive', ...task },
    defaults,
    registry,
  );
  return values;
};

describe('plugin defaults', () => {
  it('match an exact type and whole parts of it, in either spelling', () => {
    const token = { token: 'x' };
    for (const type of [
      'test.Secretive',
      'test',
      'io.kestra.plugin.test',
      'io.kestra.plugin.test.Secretive',
      'test.',
    ]) {
      expect(merged({}, entry(type, token)), type).toEqual(token);
      expect(merged({ type: 'io.kestra.plugin.test.Secretive' }, entry(type, token)), type).toEqual(token);
    }
    expect(merged({}, entry('io.kestra', token))).toEqual(token);
    for (const type of ['tes', 'test.Secret', 'test.Secretive.More', 'other', 'io.kestra.plugin.te']) {
      expect(merged({}, entry(type, token)), type).toEqual({});
    }
  });

  it('match by alias', () => {
    const task = { id: 'one', type: 'io.kestra.core.tasks.log.Log' };
    expect(withPluginDefaults(task, [entry('core.log', { level: 'WARN' })], registry)).toMatchObject({
      level: 'WARN',
    });
    const short = { id: 'one', type: 'core.log.Log' };
    expect(withPluginDefaults(short, [entry(task.type, { level: 'WARN' })], registry)).toMatchObject({
      level: 'WARN',
    });
  });

  it('match types nobody knows', () => {
    const task = { id: 'one', type: 'io.kestra.plugin.scripts.shell.Commands' };
    expect(withPluginDefaults(task, [entry('scripts', { a: 1 })], registry)).toEqual({ ...task, a: 1 });
  });

  it('let the longer type win property by property, whatever its spelling, and the earlier of equals', () => {
    expect(
      merged(
        {},
        entry('io.kestra.plugin.test', { a: 'short', b: 'short', c: 'short' }),
        entry('test.Secretive', { b: 'long', c: 'long' }),
        entry('io.kestra.plugin.test.Secretive', { c: 'later', d: 'later' }),
      ),
    ).toEqual({ a: 'short', b: 'long', c: 'long', d: 'later' });
  });

  it('merge maps and take everything else whole', () => {
    expect(
      merged(
        { auth: { user: 'own', deep: { a: 1 } }, list: [1] },
        entry('test', { auth: { user: 'default', password: 'default', deep: { b: 2 } }, list: [2, 3] }),
      ),
    ).toEqual({ auth: { user: 'own', password: 'default', deep: { a: 1, b: 2 } }, list: [1] });
  });

  it('do not mix two kinds of one property', () => {
    const own = { retry: { type: 'constant', interval: 'PT1S' } };
    const exponential = { type: 'exponential', interval: 'PT2S', maxInterval: 'PT1M' };
    expect(merged(own, entry('test', { retry: exponential }))).toEqual(own);
    expect(merged(own, entry('test', { retry: { maxAttempts: 3 } }))).toEqual({
      retry: { ...own.retry, maxAttempts: 3 },
    });
  });

  it('win over the task only when forced, and never over who it is', () => {
    expect(merged({ token: 'own' }, entry('test', { token: 'default' }))).toEqual({ token: 'own' });
    expect(merged({ token: 'own' }, entry('test', { token: 'default' }, true))).toEqual({ token: 'default' });
    expect(
      merged({}, entry('test', { token: 'short' }, true), entry('test.Secretive', { token: 'long' }, true)),
    ).toEqual({ token: 'long' });
    const task = { id: 'one', type: 'test.Secretive' };
    expect(withPluginDefaults(task, [entry('test', { id: 'two', type: 'other' }, true)], registry)).toEqual(
      task,
    );
  });

  it('never override a value of the task unless forced', () => {
    const values = fc.dictionary(
      fc.constantFrom('a', 'b', '__proto__', 'constructor', 'toString'),
      fc.oneof(fc.integer(), fc.string(), fc.array(fc.integer()), fc.dictionary(fc.string(), fc.integer())),
      { noNullPrototype: true },
    );
    const defaults = fc.array(
      fc.record({
        type: fc.constantFrom('test', 'test.Secretive', 'io.kestra.plugin.test'),
        values,
        forced: fc.constant(false),
      }),
    );
    fc.assert(
      fc.property(values, defaults, (own, list) => {
        const task = { id: 'one', type: 'test.Secretive' };
        for (const [name, value] of Object.entries(own)) {
          Object.defineProperty(task, name, { value, enumerable: true });
        }
        const result = withPluginDefaults(task, list, registry);
        expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
        for (const [name, value] of Object.entries(own)) {
          expect(Object.hasOwn(result, name)).toBe(true);
          const got = result[name];
          if (isMap(value)) expect({ ...(got as object), ...value }).toEqual(got);
          else expect(got).toEqual(value);
        }
      }),
    );
  });

  it('come from pluginDefaults, then taskDefaults, as lists or maps', () => {
    const flow = {
      pluginDefaults: { 'core.log.Log': { level: 'WARN' } },
      taskDefaults: [entry('core.log', { level: 'DEBUG' })],
    };
    expect(pluginDefaultsOf(flow as unknown as FlowDefinition)).toEqual([
      entry('core.log.Log', { level: 'WARN' }),
      entry('core.log', { level: 'DEBUG' }),
    ]);
    expect(pluginDefaultsOf({} as FlowDefinition)).toEqual([]);
  });

  it('reach nested tasks and core properties, and drop what a task does not know', async () => {
    const ran = await execute(
      flowOf(`
pluginDefaults:
  - type: io.kestra.plugin
    values: { level: WARN, nonsense: 1, allowFailure: true }
  - type: core.log.Log
    values: { message: "default {{ flow.id }}" }
tasks:
  - id: group
    type: core.flow.Sequential
    tasks:
      - { id: one, type: core.log.Log }
      - { id: two, type: core.execution.Fail }
      - { id: three, type: core.log.Log, message: own }
`),
    );
    expect(ran.lines.filter((line) => line.startsWith('WARN'))).toEqual([
      'WARN default test',
      'WARN Task failure {"code":"TASK_FAILED"}',
      'WARN own',
    ]);
    expect(ran.execution.state).toBe('WARNING');
    expect(ran.lines).toContainEqual(expect.stringContaining('"property":"nonsense"'));
  });

  it('leave a property that the task itself has wrong to be found', async () => {
    const ran = await execute(
      flowOf(
        'pluginDefaults: [{ type: core, values: { x: 1 } }]\ntasks: [{ id: one, type: core.log.Log, message: a, x: 2 }]',
      ),
    );
    expect(ran.execution.taskRuns[0]?.error?.code).toBe('INVALID_PROPERTIES');
  });
});

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
