import { describe, expect, it } from 'vitest';
import type { FlowDefinition } from '../../schemas/flow.js';
import type { Plan } from '../../src/plan/plan.js';
import { execute, flowOf, states } from './harness.js';

describe('a flow that succeeds', () => {
  it('runs tasks in order, shows later ones the outputs of earlier ones, and hands out its outputs', async () => {
    const ran = await execute(
      flowOf(`
tasks:
  - { id: one, type: core.debug.Return, format: "{{ flow.id }}" }
  - { id: two, type: io.kestra.plugin.core.debug.Return, format: "{{ outputs.one.value }} twice" }
outputs:
  - { id: last, value: "{{ outputs.two.value }}" }
`),
    );
    expect(ran.execution).toEqual({
      executionId: 'run-1',
      namespace: 'company.team',
      flowId: 'test',
      state: 'SUCCESS',
      startedAt: '2026-01-31T12:00:00.000Z',
      durationMs: 0,
      inputs: {},
      outputs: { last: 'test twice' },
      error: null,
      taskRuns: [
        {
          taskId: 'one',
          type: 'core.debug.Return',
          state: 'SUCCESS',
          attempts: 1,
          startedAt: '2026-01-31T12:00:00.000Z',
          durationMs: 0,
          outputs: { value: 'test' },
          error: null,
        },
        expect.objectContaining({ taskId: 'two', outputs: { value: 'test twice' } }),
      ],
    });
    expect(ran.events.map((event) => event.type)).toEqual([
      'execution-started',
      'task-started',
      'task-ended',
      'task-started',
      'task-ended',
      'execution-ended',
    ]);
  });

  it('takes a definition as well as a source', async () => {
    const flow = { id: 'x', namespace: 'a', tasks: [{ id: 't', type: 'core.log.Log', message: 'hi' }] };
    const ran = await execute(flow);
    expect(ran.execution.state).toBe('SUCCESS');
    expect(ran.lines).toContain('INFO hi');
  });

  it('shows expressions what is around a task', async () => {
    const ran = await execute(
      flowOf(`
labels: [{ key: team, value: data }]
variables: { greeting: "Hello {{ inputs.who }}" }
inputs: [{ id: who, type: STRING }]
tasks:
  - id: see
    type: core.output.OutputValues
    values:
      flow: "{{ flow.namespace }}.{{ flow.id }}@{{ flow.revision }}"
      execution: "{{ execution.id }} {{ execution.state }} {{ execution.startDate }}"
      raw: "{{ vars.greeting }}"
      rendered: "{{ render(vars.greeting) }}"
      label: "{{ labels.team }}"
      env: "{{ envs.home }}"
      trigger: "{{ trigger.date }}"
      task: "{{ task.id }} {{ task.type }} {{ taskrun.attemptsCount }}"
      directory: "{{ workingDir }}"
`),
      {
        inputs: { who: 'Ada' },
        envs: { home: '/home/ada' },
        trigger: { date: '2026-01-31' },
        revision: 7,
        workingDirectory: '/somewhere',
      },
    );
    expect(ran.execution.taskRuns[0]?.outputs.values).toEqual({
      flow: 'company.team.test@7',
      execution: 'run-1 RUNNING 2026-01-31T12:00:00.000Z',
      raw: 'Hello {{ inputs.who }}',
      rendered: 'Hello Ada',
      label: 'data',
      env: '/home/ada',
      trigger: '2026-01-31',
      task: 'see core.output.OutputValues 1',
      directory: '/somewhere',
    });
  });

  it('forces dryRun onto the tasks that have it, and on no other', async () => {
    const ran = await execute(
      flowOf(`
tasks:
  - { id: has, type: test.Secretive, token: abcdef, dryRun: false }
  - { id: has_not, type: core.debug.Return, format: x }
`),
      { overrides: { dryRun: true } },
    );
    expect(ran.execution.state).toBe('SUCCESS');
    expect(ran.execution.taskRuns[0]?.outputs.dryRun).toBe(true);
  });

  it('tells of every plan that a task makes', async () => {
    const plan = { document: {} } as Plan;
    const ran = await execute(flowOf('tasks: [{ id: one, type: test.Call, name: plan }]'), {
      calls: { plan: ({ onPlan }) => onPlan(plan) },
    });
    expect(ran.events).toContainEqual({ type: 'task-planned', taskId: 'one', plan });
    expect(ran.events.find((event) => event.type === 'task-planned')?.plan).toBe(plan);
  });

  it('passes the retry of a whole flow over', async () => {
    const ran = await execute(
      flowOf(
        'retry: { type: constant }\ntasks: [{ id: one, type: core.log.Log, message: x, workerGroup: { key: a } }]',
      ),
    );
    expect(ran.execution.state).toBe('SUCCESS');
    expect(ran.lines.filter((line) => line.includes('passed over'))).toHaveLength(2);
  });

  it('is not stopped by a listener that throws', async () => {
    const ran = await execute(flowOf('tasks: [{ id: one, type: core.log.Log, message: hi }]'), {
      onEvent() {
        throw new Error('listener is broken');
      },
    });
    expect(ran.execution.state).toBe('SUCCESS');
    expect(ran.lines.some((line) => line.includes('a listener of events failed'))).toBe(true);
  });
});

describe('a task that does not run', () => {
  it('is skipped when it is disabled or its runIf is false, and leaves no outputs', async () => {
    const ran = await execute(
      flowOf(`
tasks:
  - { id: off, type: core.debug.Return, format: x, disabled: true }
  - { id: never, type: core.debug.Return, format: x, runIf: "{{ 1 > 2 }}" }
  - { id: empty, type: core.debug.Return, format: x, runIf: "{{ '' }}" }
  - { id: nil, type: core.debug.Return, format: x, runIf: "{{ null }}" }
  - { id: zero, type: core.debug.Return, format: x, runIf: "0" }
  - { id: no, type: core.debug.Return, format: x, runIf: false }
  - { id: "yes", type: core.debug.Return, format: x, runIf: "{{ outputs.off is not defined }}" }
`),
    );
    expect(states(ran)).toEqual([
      'off SKIPPED',
      'never SKIPPED',
      'empty SKIPPED',
      'nil SKIPPED',
      'zero SKIPPED',
      'no SKIPPED',
      'yes SUCCESS',
    ]);
    expect(ran.execution.taskRuns[0]).toMatchObject({
      attempts: 0,
      startedAt: null,
      outputs: {},
      error: null,
    });
    expect(ran.execution.state).toBe('SUCCESS');
  });

  it('fails when its runIf cannot be evaluated', async () => {
    const ran = await execute(
      flowOf('tasks: [{ id: one, type: core.log.Log, message: x, runIf: "{{ nowhere }}" }]'),
    );
    expect(ran.execution.taskRuns[0]).toMatchObject({ state: 'FAILED', error: { code: 'EXPRESSION_ERROR' } });
  });

  it('may be of a type nobody knows, until it would run', async () => {
    const ran = await execute(
      flowOf(`
tasks:
  - { id: off, type: io.kestra.plugin.scripts.shell.Commands, disabled: true, commands: [ls] }
  - { id: shell, type: io.kestra.plugin.core.log.Logg, message: x }
  - { id: after, type: core.log.Log, message: x }
`),
    );
    expect(states(ran)).toEqual(['off SKIPPED', 'shell FAILED']);
    expect(ran.execution.taskRuns[1]?.error).toEqual({
      code: 'UNKNOWN_TASK_TYPE',
      message: 'This engine does not have the task type io.kestra.plugin.core.log.Logg.',
      hint: 'Did you mean io.kestra.plugin.core.log.Log? "flowgit tasks" lists the ones it has.',
      retryable: false,
    });
  });
});

describe('a task that fails', () => {
  it('ends the flow after errors and finally, which see what failed', async () => {
    const ran = await execute(
      flowOf(`
tasks:
  - { id: one, type: core.execution.Fail, errorMessage: broken }
  - { id: two, type: core.log.Log, message: never }
errors:
  - { id: tell, type: core.log.Log, message: "{{ error.taskId }}: {{ error.message }} ({{ execution.state }})" }
  - { id: logs, type: core.debug.Return, format: "{{ errorLogs() | length }} {{ errorLogs()[0].message }}" }
  - { id: which, type: core.debug.Return, format: "{{ tasksWithState('FAILED')[0].taskId }}" }
finally:
  - { id: clean, type: core.log.Log, message: "cleaning after {{ execution.state }}" }
outputs:
  - { id: never, value: "{{ nowhere }}" }
`),
    );
    expect(states(ran)).toEqual([
      'one FAILED',
      'tell SUCCESS',
      'logs SUCCESS',
      'which SUCCESS',
      'clean SUCCESS',
    ]);
    expect(ran.execution).toMatchObject({ state: 'FAILED', outputs: {}, error: null });
    expect(ran.lines).toContain('INFO one: broken (FAILED)');
    expect(ran.lines).toContain('INFO cleaning after FAILED');
    expect(ran.execution.taskRuns[2]?.outputs.value).toBe('1 broken');
    expect(ran.execution.taskRuns[3]?.outputs.value).toBe('one');
  });

  it('lets the flow go on with a warning when its failure is allowed', async () => {
    const ran = await execute(
      flowOf(`
tasks:
  - { id: one, type: core.execution.Fail, allowFailure: true }
  - { id: two, type: core.log.Log, message: hi }
errors: [{ id: never, type: core.log.Log, message: x }]
finally: [{ id: state, type: core.debug.Return, format: "{{ execution.state }}" }]
`),
    );
    expect(states(ran)).toEqual(['one WARNING', 'two SUCCESS', 'state SUCCESS']);
    expect(ran.execution.state).toBe('WARNING');
    expect(ran.lines).toContain('WARN Task failure {"code":"TASK_FAILED"}');
    expect(ran.execution.taskRuns[0]?.error?.code).toBe('TASK_FAILED');
    expect(ran.execution.taskRuns[2]?.outputs.value).toBe('WARNING');
  });

  it('counts as a success when its warning is allowed too', async () => {
    const ran = await execute(
      flowOf('tasks: [{ id: one, type: core.execution.Fail, allowFailure: true, allowWarning: true }]'),
    );
    expect(ran.execution.state).toBe('SUCCESS');
  });

  it('may be of an unknown type and allowed to', async () => {
    const ran = await execute(flowOf('tasks: [{ id: one, type: x.Unknown, allowFailure: true }]'));
    expect(states(ran)).toEqual(['one WARNING']);
  });

  it('names what is wrong with its own and with the core properties', async () => {
    const own = await execute(flowOf('tasks: [{ id: one, type: core.log.Log, mesage: x }]'));
    expect(own.execution.taskRuns[0]?.error?.code).toBe('INVALID_PROPERTIES');
    const core = await execute(
      flowOf(
        'tasks: [{ id: one, type: core.log.Log, message: x, timeout: soon, retry: { type: constant } }]',
      ),
    );
    expect(core.execution.taskRuns[0]?.error).toMatchObject({ code: 'INVALID_PROPERTIES' });
    expect(core.execution.taskRuns[0]?.error?.message).toMatch(
      /^Task "one": "timeout" must be an ISO 8601 duration such as PT30S; "retry\.interval" /,
    );
    expect(core.execution.taskRuns[0]?.attempts).toBe(1);
  });

  it('reports an error that is not ours as internal', async () => {
    const ran = await execute(flowOf('tasks: [{ id: one, type: test.Flaky, kind: foreign }]'));
    expect(ran.execution.taskRuns[0]?.error).toMatchObject({
      code: 'INTERNAL_ERROR',
      message: 'not one of ours',
    });
  });

  it('fails the flow also from its finally block', async () => {
    const ran = await execute(
      flowOf(`
tasks: [{ id: one, type: core.log.Log, message: hi }]
_finally: [{ id: two, type: core.execution.Fail }]
`),
    );
    expect(states(ran)).toEqual(['one SUCCESS', 'two FAILED']);
    expect(ran.execution.state).toBe('FAILED');
  });
});

describe('a flow that cannot start', () => {
  it('reports every problem of its source with its place', async () => {
    const ran = await execute('id: test\nnamespace: company.team\ntasks:\n  - id: one\n');
    expect(ran.execution).toMatchObject({
      flowId: 'test',
      namespace: 'company.team',
      state: 'FAILED',
      taskRuns: [],
    });
    expect(ran.execution.error?.code).toBe('INVALID_FLOW');
    expect(ran.execution.error?.message).toContain('4:');
    expect(ran.events.map((event) => event.type)).toEqual(['execution-started', 'execution-ended']);
  });

  it('reports a definition that is none, and a text that is no flow', async () => {
    const definition = { id: 'x', namespace: 'a', tasks: [] } as unknown as FlowDefinition;
    expect((await execute(definition)).execution.error?.message).toMatch(/tasks:/);
    expect((await execute('- just\n- a list\n')).execution).toMatchObject({ flowId: '', state: 'FAILED' });
  });

  it('reports missing inputs and runs nothing, not even finally', async () => {
    const ran = await execute(
      flowOf(`
inputs: [{ id: who, type: STRING }]
tasks: [{ id: one, type: core.log.Log, message: hi }]
finally: [{ id: two, type: core.log.Log, message: hi }]
`),
    );
    expect(ran.execution).toMatchObject({
      state: 'FAILED',
      taskRuns: [],
      error: { code: 'INVALID_PROPERTIES', message: 'Flow "test": input "who" is required.' },
    });
  });
});

describe('the outputs of a flow', () => {
  const flow = (output: string) =>
    flowOf(`
tasks: [{ id: one, type: core.debug.Return, format: "5" }, { id: none, type: core.debug.Return }]
outputs: [${output}]
`);

  it('are read as their types', async () => {
    const ran = await execute(flow('{ id: n, type: INT, value: "{{ outputs.one.value }}" }'));
    expect(ran.execution.outputs).toEqual({ n: 5 });
    const none = await execute(
      flow('{ id: n, type: INT, value: "{{ outputs.none.value }}", required: false }'),
    );
    expect(none.execution.outputs).toEqual({ n: null });
  });

  it.each([
    ['{ id: n, type: BOOL, value: "{{ outputs.one.value }}" }', 'INVALID_PROPERTIES'],
    ['{ id: n, type: INT, value: "{{ outputs.none.value }}" }', 'INVALID_PROPERTIES'],
    ['{ id: n, value: "{{ nowhere }}" }', 'EXPRESSION_ERROR'],
  ])('fail the execution when they cannot be made: %s', async (output, code) => {
    const ran = await execute(flow(output));
    expect(ran.execution).toMatchObject({ state: 'FAILED', outputs: {}, error: { code } });
    expect(states(ran)).toEqual(['one SUCCESS', 'none SUCCESS']);
  });
});

describe('logLevel', () => {
  it('drops the lines of its task below it, and errorLogs() still sees errors', async () => {
    const ran = await execute(
      flowOf(`
tasks:
  - { id: quiet, type: core.log.Log, message: unheard, logLevel: WARN }
  - { id: loud, type: core.log.Log, message: heard, level: ERROR, logLevel: WARN }
  - { id: off, type: core.log.Log, message: gone, level: ERROR, logLevel: "OFF" }
  - { id: count, type: core.debug.Return, format: "{{ errorLogs() | length }}" }
`),
    );
    expect(ran.lines.filter((line) => !line.startsWith('DEBUG'))).toEqual(['ERROR heard']);
    expect(ran.execution.taskRuns[3]?.outputs.value).toBe('2');
  });
});
