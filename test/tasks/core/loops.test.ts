import { describe, expect, it } from 'vitest';
import { createRunContext } from '../../../src/runtime/create-context.js';
import { createMemoryStorage } from '../../../src/storage/memory.js';
import { Sequential } from '../../../tasks/core/index.js';
import { execute, flowOf, type Ran, states } from '../../runtime/harness.js';

function valuesOf({ execution }: Ran, taskId: string): unknown[] {
  return execution.taskRuns.filter((run) => run.taskId === taskId).map(({ outputs }) => outputs.value);
}

describe('ForEach', () => {
  it('gives direct children the value and deeper ones their parents, and keeps outputs by value', async () => {
    const ran = await execute(
      flowOf(`
tasks:
  - id: outer
    type: core.flow.ForEach
    values: [s1, s2]
    tasks:
      - { id: one, type: core.debug.Return, format: "{{ taskrun.value }}/{{ taskrun.iteration }}" }
      - id: inner
        type: core.flow.EachSequential
        value: '["a a", "b"]'
        tasks:
          - { id: two, type: core.debug.Return, format: "{{ parents[0].taskrun.value }}>{{ taskrun.value }}" }
          - { id: three, type: core.debug.Return, format: "{{ outputs.two[parent.taskrun.value][taskrun.value].value }}" }
      - { id: four, type: core.debug.Return, format: "{{ outputs.one[taskrun.value].value }}" }
      - id: if
        type: core.flow.If
        condition: "{{ taskrun.value == 's2' }}"
        then: [{ id: five, type: core.debug.Return, format: "{{ parent.taskrun.value }} {{ taskrun.value is defined }}" }]
  - { id: last, type: core.debug.Return, format: "{{ outputs.two.s1['a a'].value }}" }
`),
    );
    expect(ran.execution.state).toBe('SUCCESS');
    expect(valuesOf(ran, 'one')).toEqual(['s1/0', 's2/1']);
    expect(valuesOf(ran, 'two')).toEqual(['s1>a a', 's1>b', 's2>a a', 's2>b']);
    expect(valuesOf(ran, 'three')).toEqual(['s1>a a', 's1>b', 's2>a a', 's2>b']);
    expect(valuesOf(ran, 'four')).toEqual(['s1/0', 's2/1']);
    expect(valuesOf(ran, 'five')).toEqual(['s2 false']);
    expect(valuesOf(ran, 'last')).toEqual(['s1>a a']);
    expect(states(ran).slice(0, 4)).toEqual([
      'outer SUCCESS',
      'one[s1] SUCCESS',
      'inner[s1] SUCCESS',
      'two[a a] SUCCESS',
    ]);
  });

  it.each([
    ['[1, true, { a: 1 }, [2], "x"]', ['1', 'true', '{"a":1}', '[2]', 'x']],
    [`'[1, {"a": 1}]'`, ['1', '{"a":1}']],
    ['"{{ [1, 2] }}"', ['1', '2']],
    ['["{{ flow.id }}", b]', ['test', 'b']],
    ['{ k: v }', ['{"key":"k","value":"v"}']],
    ['"{{ {\'k\': 1} }}"', ['{"key":"k","value":1}']],
    ['["length", "size"]', ['length', 'size']],
    ['[]', []],
  ])('goes over %s', async (values, seen) => {
    const ran = await execute(
      flowOf(`
tasks:
  - id: each
    type: core.flow.ForEach
    values: ${values}
    tasks:
      - { id: one, type: core.debug.Return, format: "{{ taskrun.value }}" }
      - { id: two, type: core.debug.Return, format: "{{ outputs.one[taskrun.value].value }}" }
`),
    );
    expect(ran.execution.state).toBe('SUCCESS');
    expect(valuesOf(ran, 'one')).toEqual(seen);
    expect(valuesOf(ran, 'two')).toEqual(seen);
  });

  it.each(['plain text', '"5"', '"{{ null }}"'])('refuses %s', async (values) => {
    const ran = await execute(
      flowOf(
        `tasks: [{ id: each, type: core.flow.ForEach, values: ${values}, tasks: [{ id: a, type: core.log.Log, message: x }] }]`,
      ),
    );
    expect(ran.execution.taskRuns[0]?.error?.code).toBe('INVALID_PROPERTIES');
  });

  it.each([
    [1, 1],
    [2, 2],
    [0, 4],
  ])('with the limit %i works on %i values at once', async (limit, expected) => {
    const running = new Set<unknown>();
    let most = 0;
    const ran = await execute(
      flowOf(`
tasks:
  - id: each
    type: core.flow.ForEach
    values: [a, b, c, d]
    concurrencyLimit: ${limit}
    tasks: [{ id: begin, type: test.Call, name: begin }, { id: end, type: test.Call, name: end }]
`),
      {
        calls: {
          begin: async ({ variables }) => {
            running.add((variables.taskrun as { value: unknown }).value);
            most = Math.max(most, running.size);
            await new Promise((resolve) => setImmediate(resolve));
          },
          end: ({ variables }) => {
            running.delete((variables.taskrun as { value: unknown }).value);
          },
        },
      },
    );
    expect(ran.execution.taskRuns).toHaveLength(9);
    expect(most).toBe(expected);
  });

  it('stops at the first failure, and tells which value it was', async () => {
    const ran = await execute(
      flowOf(`
tasks:
  - id: each
    type: core.flow.ForEach
    values: [a, b, c]
    tasks: [{ id: check, type: core.execution.Fail, condition: "{{ taskrun.value == 'b' }}" }]
    errors: [{ id: local, type: core.log.Log, message: x }]
`),
    );
    expect(states(ran)).toEqual(['each FAILED', 'check[a] SUCCESS', 'check[b] FAILED', 'local SUCCESS']);
  });

  it('keeps files of its iterations apart', async () => {
    const ran = await execute(
      flowOf(`
tasks:
  - id: each
    type: core.flow.ForEach
    values: [a, b]
    tasks:
      - { id: write, type: test.Call, name: write }
      - { id: nested, type: core.flow.Sequential, tasks: [{ id: inner, type: test.Call, name: write }] }
  - { id: outside, type: test.Call, name: write }
`),
      { calls: { write: ({ outputFiles }) => outputFiles.write('out.txt', 'x') } },
    );
    expect([...ran.files.keys()]).toEqual(
      ['write/0', 'inner/0', 'write/1', 'inner/1', 'outside'].map((name) => `memory://run/${name}/out.txt`),
    );
  });
});

describe('EachParallel', () => {
  it('runs every task for every value', async () => {
    const ran = await execute(
      flowOf(`
tasks:
  - id: each
    type: io.kestra.core.tasks.flows.EachParallel
    value: [x, y]
    tasks:
      - { id: a, type: core.log.Log, message: "{{ taskrun.value }}" }
      - { id: b, type: core.log.Log, message: "{{ taskrun.value }}" }
`),
    );
    expect(states(ran)).toEqual([
      'each SUCCESS',
      'a[x] SUCCESS',
      'b[x] SUCCESS',
      'a[y] SUCCESS',
      'b[y] SUCCESS',
    ]);
  });
});

describe('Loop', () => {
  it('gives the item however deep, isolates outputs, and collects what it is told to', async () => {
    const ran = await execute(
      flowOf(`
tasks:
  - { id: before, type: core.debug.Return, format: outer }
  - id: loop
    type: io.kestra.plugin.core.flow.Loop
    values: { k1: [1], k2: v2 }
    tasks:
      - id: deep
        type: core.flow.Sequential
        tasks:
          - { id: one, type: core.debug.Return, format: "{{ item.key }}={{ item.value }}#{{ item.index }}" }
      - { id: two, type: core.debug.Return, format: "{{ outputs.before.value }} {{ outputs.one.value }}" }
    outputs:
      - { id: result, value: "{{ outputs.two.value }}" }
      - { id: index, value: "{{ item.index }}" }
  - { id: after, type: core.debug.Return, format: "{{ outputs.loop.outputs[1].result }} {{ outputs.two is defined }}" }
`),
    );
    expect(ran.execution.state).toBe('SUCCESS');
    expect(ran.execution.taskRuns[1]?.outputs).toEqual({
      iterations: 2,
      outputs: [
        { result: 'outer k1=[1]#0', index: 0 },
        { result: 'outer k2=v2#1', index: 1 },
      ],
    });
    expect(valuesOf(ran, 'after')).toEqual(['outer k2=v2#1 false']);
    expect(states(ran)[2]).toBe('deep[[1]] SUCCESS');
  });

  it('has ForEach inside it and the other way round', async () => {
    const ran = await execute(
      flowOf(`
tasks:
  - id: each
    type: core.flow.ForEach
    values: [a, b]
    tasks:
      - id: loop
        type: core.flow.Loop
        values: [1, 2]
        concurrencyLimit: 0
        tasks:
          - id: again
            type: core.flow.ForEach
            values: [x]
            tasks: [{ id: see, type: core.debug.Return, format: "{{ item.value }}{{ taskrun.value }}" }]
          - { id: read, type: core.debug.Return, format: "{{ outputs.see.x.value }}" }
        outputs: [{ id: read, value: "{{ outputs.read.value }}" }]
      - { id: sum, type: core.debug.Return, format: "{{ outputs.loop[taskrun.value].outputs[1].read }}" }
`),
    );
    expect(ran.execution.state).toBe('SUCCESS');
    expect(valuesOf(ran, 'sum')).toEqual(['2x', '2x']);
  });

  it('fails when an output cannot be made', async () => {
    const ran = await execute(
      flowOf(`
tasks:
  - id: loop
    type: core.flow.Loop
    values: [1]
    tasks: [{ id: one, type: core.log.Log, message: x }]
    outputs: [{ id: nothing, value: "{{ nowhere }}" }]
`),
    );
    expect(ran.execution.taskRuns[0]).toMatchObject({ state: 'FAILED', error: { code: 'TASK_FAILED' } });
  });
});

describe('outside of a flow', () => {
  it('a task that holds others does not run', async () => {
    const task = new Sequential({ tasks: [{ id: 'a', type: 'core.log.Log', message: 'x' }] });
    await expect(task.run(createRunContext({ storage: createMemoryStorage() }))).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    });
  });
});
