import { describe, expect, it } from 'vitest';
import { execute, flowOf, states } from '../../runtime/harness.js';

describe('If', () => {
  const flow = (condition: string) =>
    flowOf(`
tasks:
  - id: if
    type: core.flow.If
    condition: ${condition}
    then: [{ id: "yes", type: core.log.Log, message: x }]
    else: [{ id: "no", type: core.log.Log, message: x }]
`);

  it.each([
    ['"{{ 1 < 2 }}"', true],
    ['true', true],
    ['"text"', true],
    ['"{{ [0] }}"', true],
    ['"{{ 1 > 2 }}"', false],
    ['"false"', false],
    ['"{{ \'\' }}"', false],
    ['"{{ null }}"', false],
    ['0', false],
    ['"-0"', false],
  ])('takes %s as %s', async (condition, truth) => {
    const ran = await execute(flow(condition));
    expect(states(ran)).toEqual(['if SUCCESS', truth ? 'yes SUCCESS' : 'no SUCCESS']);
    expect(ran.execution.taskRuns[0]?.outputs).toEqual({ evaluationResult: truth });
  });

  it('needs no else', async () => {
    const ran = await execute(
      flowOf(
        'tasks: [{ id: if, type: core.flow.If, condition: false, then: [{ id: a, type: core.log.Log, message: x }] }]',
      ),
    );
    expect(states(ran)).toEqual(['if SUCCESS']);
  });
});

describe('Switch', () => {
  const flow = (value: string, rest = '') =>
    flowOf(`
tasks:
  - id: switch
    type: core.flow.Switch
    value: ${value}
    cases:
      a: [{ id: case_a, type: core.log.Log, message: x }]
      true: [{ id: case_true, type: core.log.Log, message: x }]
      5: [{ id: case_5, type: core.log.Log, message: x }]
    ${rest}
`);

  it.each([
    ['a', 'case_a'],
    ['"{{ 1 == 1 }}"', 'case_true'],
    ['"{{ 2 + 3 }}"', 'case_5'],
    ['toString', 'other'],
  ])('compares %s as text', async (value, chosen) => {
    const ran = await execute(flow(value, 'defaults: [{ id: other, type: core.log.Log, message: x }]'));
    expect(states(ran)).toEqual(['switch SUCCESS', `${chosen} SUCCESS`]);
    expect(ran.execution.taskRuns[0]?.outputs.defaults).toBe(chosen === 'other');
  });

  it('runs nothing when no case matches and there are no defaults', async () => {
    expect(states(await execute(flow('b')))).toEqual(['switch SUCCESS']);
  });
});

describe('a flowable task', () => {
  it('fails when a task inside it fails, after its own errors and finally', async () => {
    const ran = await execute(
      flowOf(`
tasks:
  - id: group
    type: core.flow.Sequential
    tasks:
      - { id: bad, type: core.execution.Fail, errorMessage: no }
      - { id: never, type: core.log.Log, message: x }
    errors: [{ id: local, type: core.log.Log, message: "{{ error.taskId }} {{ execution.state }}" }]
    finally: [{ id: tidy, type: core.log.Log, message: x }]
errors: [{ id: global, type: core.log.Log, message: "{{ error.taskId }} {{ execution.state }}" }]
`),
    );
    expect(states(ran)).toEqual([
      'group FAILED',
      'bad FAILED',
      'local SUCCESS',
      'tidy SUCCESS',
      'global SUCCESS',
    ]);
    expect(ran.execution.taskRuns[0]?.error).toEqual({
      code: 'TASK_FAILED',
      message: 'Task "bad" inside it failed: no',
      hint: null,
      retryable: false,
    });
    expect(ran.execution.taskRuns.map(({ parent }) => parent)).toEqual([
      undefined,
      'group',
      'group',
      'group',
      undefined,
    ]);
    expect(ran.lines).toContain('INFO bad RUNNING');
    expect(ran.lines).toContain('INFO group FAILED');
  });

  it('passes a warning on, and a skipped task not', async () => {
    const ran = await execute(
      flowOf(`
tasks:
  - { id: warns, type: core.flow.Sequential, tasks: [{ id: a, type: core.execution.Fail, allowFailure: true }] }
  - { id: skips, type: core.flow.Sequential, tasks: [{ id: b, type: core.execution.Fail, disabled: true }] }
`),
    );
    expect(states(ran)).toEqual(['warns WARNING', 'a WARNING', 'skips SUCCESS', 'b SKIPPED']);
  });

  it('may fail as a whole when that is allowed', async () => {
    const ran = await execute(
      flowOf(`
tasks:
  - { id: group, type: core.flow.Sequential, allowFailure: true, tasks: [{ id: a, type: core.execution.Fail }] }
  - { id: after, type: core.log.Log, message: x }
`),
    );
    expect(states(ran)).toEqual(['group WARNING', 'a FAILED', 'after SUCCESS']);
  });

  it('does not stand deeper than the engine allows', async () => {
    let task = '{ id: t0, type: core.log.Log, message: x }';
    for (let depth = 1; depth <= 4; depth++)
      task = `{ id: t${depth}, type: core.flow.Sequential, tasks: [${task}] }`;
    const deep = await execute(flowOf(`tasks: [${task}]`), { limits: { maxDepth: 4 } });
    expect(deep.execution.state).toBe('SUCCESS');
    const deeper = await execute(flowOf(`tasks: [${task}]`), { limits: { maxDepth: 3 } });
    expect(deeper.execution.taskRuns.at(-1)?.error?.code).toBe('LIMIT_EXCEEDED');
  });

  it('names what it needs', async () => {
    const ran = await execute(flowOf('tasks: [{ id: group, type: core.flow.Sequential, tasks: [] }]'));
    expect(ran.execution.taskRuns[0]?.error?.code).toBe('INVALID_PROPERTIES');
  });
});

describe('Parallel', () => {
  it('runs tasks at the same time, as many as it may', async () => {
    let now = 0;
    let most = 0;
    const work = async () => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
    };
    const tasks = ['a', 'b', 'c', 'd', 'e']
      .map((id) => `{ id: ${id}, type: test.Call, name: work }`)
      .join(', ');
    const run = (concurrent: number) =>
      execute(
        flowOf(`tasks: [{ id: p, type: core.flow.Parallel, concurrent: ${concurrent}, tasks: [${tasks}] }]`),
        {
          calls: { work },
        },
      );
    expect((await run(0)).execution.taskRuns).toHaveLength(6);
    expect(most).toBe(5);
    most = 0;
    await run(2);
    expect(most).toBe(2);
  });

  it('lets running tasks end when one fails, and starts no further ones', async () => {
    const ran = await execute(
      flowOf(`
tasks:
  - id: p
    type: core.flow.Parallel
    concurrent: 2
    tasks:
      - { id: bad, type: core.execution.Fail }
      - { id: slow, type: test.Call, name: slow }
      - { id: never, type: core.log.Log, message: x }
`),
      { calls: { slow: () => new Promise((resolve) => setTimeout(resolve, 5)) } },
    );
    expect(states(ran)).toEqual(['p FAILED', 'bad FAILED', 'slow SUCCESS']);
  });
});

describe('AllowFailure', () => {
  it('turns a failure into a warning after its handlers have run', async () => {
    const ran = await execute(
      flowOf(`
tasks:
  - id: try
    type: core.flow.AllowFailure
    tasks: [{ id: bad, type: core.execution.Fail }]
    errors: [{ id: local, type: core.log.Log, message: x }]
  - { id: after, type: core.log.Log, message: x }
errors: [{ id: global, type: core.log.Log, message: x }]
`),
    );
    expect(states(ran)).toEqual(['try WARNING', 'bad FAILED', 'local SUCCESS', 'after SUCCESS']);
  });
});

describe('Log, Return, Fail', () => {
  it('print values as text', async () => {
    const ran = await execute(
      flowOf(`
tasks:
  - { id: log, type: core.log.Log, level: warn, message: ["{{ [1, 'a'] }}", 5, "{{ null }}", { a: "{{ 1 + 1 }}" }] }
  - { id: number, type: core.debug.Return, format: "{{ 2 + 3 }}" }
  - { id: map, type: core.debug.Return, format: { a: "{{ 2 + 3 }}" } }
  - { id: none, type: core.debug.Return }
`),
    );
    expect(ran.lines.filter((line) => line.startsWith('WARN'))).toEqual([
      'WARN [1,"a"]',
      'WARN 5',
      'WARN ',
      'WARN {"a":2}',
    ]);
    expect(ran.execution.taskRuns.slice(1).map(({ outputs }) => outputs.value)).toEqual([
      '5',
      '{"a":5}',
      null,
    ]);
  });

  it('fail only when the condition holds', async () => {
    const ran = await execute(
      flowOf(`
tasks:
  - { id: no, type: core.execution.Fail, condition: "{{ null }}" }
  - { id: yes, type: core.execution.Fail, condition: "{{ 1 == 1 }}", errorMessage: "in {{ flow.id }}" }
`),
    );
    expect(states(ran)).toEqual(['no SUCCESS', 'yes FAILED']);
    expect(ran.execution.taskRuns[1]?.error?.message).toBe('in test');
  });
});
