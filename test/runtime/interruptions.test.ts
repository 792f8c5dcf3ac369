import { describe, expect, it } from 'vitest';
import { execute, flowOf, states, until } from './harness.js';
import { forever } from './task-doubles.js';

/** Time-outs of ten seconds come true; other waits last until they are called off. */
const timeUp = (ms: number, signal?: AbortSignal) => (ms === 10_000 ? undefined : forever(signal));

describe('a timeout', () => {
  it('ends an attempt that takes too long', async () => {
    const ran = await execute(flowOf('tasks: [{ id: slow, type: test.Hang, timeout: PT10S }]'), {
      onSleep: timeUp,
    });
    expect(states(ran)).toEqual(['slow FAILED']);
    expect(ran.execution.taskRuns[0]).toMatchObject({
      error: {
        code: 'TIMEOUT',
        message: 'Task "slow" took longer than its timeout of 10 s.',
        retryable: true,
      },
    });
  });

  it('ends a task that does not listen, after a while of grace', async () => {
    const ran = await execute(flowOf('tasks: [{ id: slow, type: test.Hang, deaf: true, timeout: PT10S }]'), {
      limits: { graceMs: 77 },
    });
    expect(ran.execution.taskRuns[0]?.error?.code).toBe('TIMEOUT');
    expect(ran.waits).toEqual([10_000, 77]);
  });

  it('is retried like any other failure that may pass', async () => {
    const ran = await execute(
      flowOf(`
tasks:
  - { id: slow, type: test.Hang, timeout: PT10S, retry: { type: constant, interval: PT1S, maxAttempts: 2 } }
`),
      { onSleep: (ms, signal) => (ms === 1_000 ? undefined : timeUp(ms, signal)) },
    );
    expect(ran.execution.taskRuns[0]?.attempts).toBe(2);
  });

  it('of a flowable task cancels the tasks inside it and runs its finally block', async () => {
    const ran = await execute(
      flowOf(`
tasks:
  - id: group
    type: core.flow.Sequential
    timeout: PT10S
    tasks:
      - { id: slow, type: test.Hang }
      - { id: never, type: core.log.Log, message: x }
    errors: [{ id: no_error, type: core.log.Log, message: x }]
    finally: [{ id: clean, type: core.log.Log, message: x }]
errors: [{ id: tell, type: core.log.Log, message: "{{ error.code }}" }]
`),
      {
        onSleep: async (ms, signal) => {
          // The time is up once the tasks have had their turn to start.
          await new Promise(setImmediate);
          return timeUp(ms, signal);
        },
      },
    );
    expect(states(ran)).toEqual(['group FAILED', 'slow CANCELLED', 'clean SUCCESS', 'tell SUCCESS']);
    expect(ran.execution.taskRuns[0]?.error?.code).toBe('TIMEOUT');
    expect(ran.lines).toContain('INFO TIMEOUT');
  });

  it('leaves a task alone that is quick enough', async () => {
    const ran = await execute(
      flowOf('tasks: [{ id: quick, type: core.log.Log, message: x, timeout: PT10S }]'),
      {
        onSleep: (_, signal) => forever(signal),
      },
    );
    expect(ran.execution.state).toBe('SUCCESS');
  });
});

describe('a cancellation', () => {
  const flow = flowOf(`
tasks:
  - { id: slow, type: test.Hang, allowFailure: true }
  - { id: never, type: core.log.Log, message: x }
errors: [{ id: no_error, type: core.log.Log, message: x }]
finally: [{ id: clean, type: core.debug.Return, format: "{{ execution.state }}" }]
`);

  it('ends the running task and the flow, runs finally and no errors', async () => {
    const stop = new AbortController();
    const ran = await execute(flow, {
      signal: stop.signal,
      onSleep: (_, signal) => forever(signal),
      onEvent: (event) => event.type === 'task-started' && event.taskId === 'slow' && stop.abort(),
    });
    expect(states(ran)).toEqual(['slow CANCELLED', 'clean SUCCESS']);
    expect(ran.execution.state).toBe('CANCELLED');
    expect(ran.execution.taskRuns[0]?.error).toMatchObject({
      code: 'CANCELLED',
      message: 'Task "slow" was cancelled.',
    });
    expect(ran.execution.taskRuns[1]?.outputs.value).toBe('CANCELLED');
  });

  it('before the first task starts none', async () => {
    const ran = await execute(flow, { signal: AbortSignal.abort(), onSleep: (_, signal) => forever(signal) });
    expect(states(ran)).toEqual(['clean SUCCESS']);
    expect(ran.execution.state).toBe('CANCELLED');
  });

  it('leaves a task behind that does not listen', async () => {
    const stop = new AbortController();
    const ran = await execute(flowOf('tasks: [{ id: slow, type: test.Hang, deaf: true }]'), {
      signal: stop.signal,
      onEvent: (event) => event.type === 'task-started' && stop.abort(),
    });
    expect(states(ran)).toEqual(['slow CANCELLED']);
    expect(ran.waits).toEqual([5_000]);
  });

  it('lets a task that ends well in spite of it be a success, and starts no other', async () => {
    const stop = new AbortController();
    const ran = await execute(
      flowOf(`
tasks:
  - { id: one, type: test.Call, name: finish }
  - { id: two, type: core.log.Log, message: x }
`),
      {
        signal: stop.signal,
        onSleep: (_, signal) => forever(signal),
        calls: {
          finish: async () => {
            stop.abort();
            return { pushed: true };
          },
        },
      },
    );
    expect(states(ran)).toEqual(['one SUCCESS']);
    expect(ran.execution).toMatchObject({ state: 'CANCELLED', taskRuns: [{ outputs: { pushed: true } }] });
  });

  it('calls off the wait for a next attempt', async () => {
    const stop = new AbortController();
    const ran = await execute(
      flowOf(
        'tasks: [{ id: one, type: test.Flaky, retry: { type: constant, interval: PT1H, maxAttempts: 9 } }]',
      ),
      {
        signal: stop.signal,
        onSleep: (_, signal) => forever(signal),
        onEvent: (event) => event.type === 'task-retried' && setImmediate(() => stop.abort()),
      },
    );
    expect(ran.execution.taskRuns[0]).toMatchObject({ state: 'CANCELLED', attempts: 1 });
  });

  it('reaches tasks that run at the same time, and nested ones', async () => {
    const stop = new AbortController();
    let started = 0;
    const running = execute(
      flowOf(`
tasks:
  - id: all
    type: core.flow.Parallel
    tasks:
      - { id: a, type: test.Hang }
      - { id: b, type: core.flow.Sequential, tasks: [{ id: c, type: test.Hang }] }
    finally: [{ id: clean, type: core.log.Log, message: x }]
`),
      {
        signal: stop.signal,
        onSleep: (_, signal) => forever(signal),
        onEvent: (event) => {
          if (event.type === 'task-started') started += 1;
        },
      },
    );
    await until(() => started === 4);
    stop.abort();
    const ran = await running;
    expect(states(ran)).toEqual([
      'all CANCELLED',
      'a CANCELLED',
      'b CANCELLED',
      'c CANCELLED',
      'clean SUCCESS',
    ]);
  });

  it('gives finally tasks a bounded time', async () => {
    const ran = await execute(
      flowOf(`
tasks: [{ id: one, type: core.log.Log, message: x }]
finally: [{ id: clean, type: test.Hang }, { id: more, type: core.log.Log, message: x }]
`),
      {
        signal: AbortSignal.abort(),
        limits: { finallyMs: 10_000 },
        onSleep: timeUp,
      },
    );
    expect(states(ran)).toEqual(['clean CANCELLED']);
  });

  it('ends finally tasks when it is asked for a second time', async () => {
    const first = new AbortController();
    const second = new AbortController();
    const ran = await execute(
      flowOf(`
tasks: [{ id: one, type: test.Hang }]
finally: [{ id: clean, type: test.Hang }]
`),
      {
        signal: first.signal,
        forceSignal: second.signal,
        onSleep: (_, signal) => forever(signal),
        onEvent: (event) => {
          if (event.type === 'task-started') (event.taskId === 'one' ? first : second).abort();
        },
      },
    );
    expect(states(ran)).toEqual(['one CANCELLED', 'clean CANCELLED']);
    const none = await execute(
      flowOf(
        'tasks: [{ id: one, type: core.log.Log, message: x }]\nfinally: [{ id: clean, type: test.Hang }]',
      ),
      {
        signal: AbortSignal.abort(),
        forceSignal: AbortSignal.abort(),
        onSleep: (_, signal) => forever(signal),
      },
    );
    expect(states(none)).toEqual([]);
  });

  it('does not disturb finally tasks of a flow that succeeded', async () => {
    const stop = new AbortController();
    const ran = await execute(
      flowOf(`
tasks: [{ id: one, type: core.log.Log, message: x }]
finally: [{ id: clean, type: test.Call, name: stop }, { id: more, type: core.log.Log, message: x }]
`),
      { signal: stop.signal, onSleep: (_, signal) => forever(signal), calls: { stop: () => stop.abort() } },
    );
    expect(states(ran)).toEqual(['one SUCCESS', 'clean SUCCESS', 'more SUCCESS']);
    expect(ran.execution.state).toBe('SUCCESS');
  });

  it('silences a task that was left behind', async () => {
    const stop = new AbortController();
    const late: (() => void)[] = [];
    const ran = await execute(flowOf('tasks: [{ id: one, type: test.Call, name: zombie }]'), {
      signal: stop.signal,
      calls: {
        zombie: (context) => {
          stop.abort();
          late.push(() => context.progress({ phase: 'receive', done: 1 }));
          return forever();
        },
      },
    });
    const heard = ran.events.length;
    for (const speak of late) speak();
    expect(ran.events).toHaveLength(heard);
  });
});

describe('many tasks at once', () => {
  it('make Node warn of no leak', async () => {
    const warnings: string[] = [];
    const listen = (warning: Error) => warnings.push(warning.message);
    process.on('warning', listen);
    const values = Array.from({ length: 30 }, (_, index) => index);
    const ran = await execute(
      flowOf(`
tasks:
  - id: each
    type: core.flow.ForEach
    values: ${JSON.stringify(values)}
    concurrencyLimit: 0
    timeout: PT10S
    tasks: [{ id: one, type: core.log.Log, message: x, timeout: PT10S }]
`),
      { signal: new AbortController().signal, onSleep: (_, signal) => forever(signal) },
    );
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', listen);
    expect(ran.execution.taskRuns).toHaveLength(31);
    expect(warnings).toEqual([]);
  });
});
