import { describe, expect, it } from 'vitest';
import { retryPolicy } from '../../schemas/core-properties.js';
import { NetworkError } from '../../src/errors.js';
import { nextAttempt } from '../../src/runtime/retry.js';
import { execute, flowOf } from './harness.js';

/** Every wait a policy allows for an error that always comes back. */
function waits(policy: unknown, error: unknown = new NetworkError('down')): number[] {
  const parsed = retryPolicy.parse(policy);
  const found: number[] = [];
  let elapsedMs = 0;
  for (let attempt = 1; attempt <= 8; attempt++) {
    const wait = nextAttempt(parsed, { error, attempt, elapsedMs }, () => 0.5);
    if (wait === null) break;
    found.push(wait);
    elapsedMs += wait;
  }
  return found;
}

describe('a retry policy', () => {
  it('waits the same time, a growing time, or a random time', () => {
    expect(waits({ type: 'constant', interval: 'PT1S', maxAttempts: 3 })).toEqual([1000, 1000]);
    expect(waits({ type: 'exponential', interval: 'PT1S', maxInterval: 'PT10S', maxAttempts: 6 })).toEqual([
      1000, 2000, 4000, 8000, 10_000,
    ]);
    expect(
      waits({ type: 'exponential', interval: 'PT1S', maxInterval: 'PT1M', delayFactor: 3, maxAttempt: 4 }),
    ).toEqual([1000, 3000, 9000]);
    expect(waits({ type: 'random', minInterval: 'PT1S', maxInterval: 'PT3S', maxAttempts: 2 })).toEqual([
      2000,
    ]);
    expect(waits({ type: 'random', minInterval: 'PT3S', maxInterval: 'PT1S', maxAttempts: 2 })).toEqual([
      2000,
    ]);
  });

  it('begins no attempt after its longest duration', () => {
    expect(waits({ type: 'constant', interval: 'PT1S', maxDuration: 'PT2.5S' })).toEqual([1000, 1000]);
  });

  it('retries without end when it says none', () => {
    expect(waits({ type: 'constant', interval: 'PT1S' })).toHaveLength(8);
  });

  it('leaves errors alone that do not say they are retryable, unless told', () => {
    const error = new TypeError('bug');
    expect(waits({ type: 'constant', interval: 'PT1S', maxAttempts: 3 }, error)).toEqual([]);
    expect(waits({ type: 'constant', interval: 'PT1S', maxAttempts: 3, retryAll: true }, error)).toHaveLength(
      2,
    );
    expect(nextAttempt(undefined, { error, attempt: 1, elapsedMs: 0 })).toBeNull();
  });
});

describe('a task with a retry', () => {
  it('runs again until it succeeds', async () => {
    const ran = await execute(
      flowOf(`
tasks:
  - id: flaky
    type: test.Flaky
    succeedsAt: 3
    retry: { type: constant, interval: PT5S, maxAttempts: 5 }
`),
    );
    expect(ran.execution).toMatchObject({ state: 'SUCCESS', durationMs: 10_000 });
    expect(ran.execution.taskRuns[0]).toMatchObject({
      state: 'SUCCESS',
      attempts: 3,
      outputs: { attempt: 3 },
    });
    expect(ran.waits).toEqual([5000, 5000]);
    expect(ran.events.filter((event) => event.type.startsWith('task-'))).toEqual([
      { type: 'task-started', taskId: 'flaky', taskType: 'test.Flaky', attempt: 1 },
      { type: 'task-retried', taskId: 'flaky', attempt: 1, waitMs: 5000, message: 'connection refused' },
      { type: 'task-started', taskId: 'flaky', taskType: 'test.Flaky', attempt: 2 },
      { type: 'task-retried', taskId: 'flaky', attempt: 2, waitMs: 5000, message: 'connection refused' },
      { type: 'task-started', taskId: 'flaky', taskType: 'test.Flaky', attempt: 3 },
      {
        type: 'task-ended',
        position: 0,
        place: expect.any(String),
        run: expect.objectContaining({ attempts: 3 }),
      },
    ]);
  });

  it('ends with a warning when it is to tell', async () => {
    const ran = await execute(
      flowOf(`
tasks:
  - id: flaky
    type: test.Flaky
    succeedsAt: 2
    retry: { type: constant, interval: PT5S, maxAttempts: 5, warningOnRetry: true }
`),
    );
    expect(ran.execution.state).toBe('WARNING');
  });

  it('fails with the last error when the attempts are used up, and at once when none would help', async () => {
    const ran = await execute(
      flowOf(`
tasks:
  - { id: flaky, type: test.Flaky, allowFailure: true, retry: { type: constant, interval: PT1S, maxAttempts: 2 } }
  - { id: hopeless, type: test.Flaky, retryable: false, retry: { type: constant, interval: PT1S, maxAttempts: 2 } }
`),
    );
    expect(ran.execution.taskRuns.map(({ attempts, error }) => [attempts, error?.code])).toEqual([
      [2, 'NETWORK_ERROR'],
      [1, 'TASK_FAILED'],
    ]);
  });

  it('runs a flowable task again as a whole', async () => {
    const ran = await execute(
      flowOf(`
tasks:
  - id: group
    type: core.flow.Sequential
    retry: { type: constant, interval: PT1S, maxAttempts: 2 }
    tasks:
      - { id: before, type: core.log.Log, message: again }
      - { id: flaky, type: test.Flaky }
`),
    );
    expect(ran.execution.taskRuns.map(({ taskId }) => taskId)).toEqual([
      'group',
      'before',
      'flaky',
      'before',
      'flaky',
    ]);
    expect(ran.execution.taskRuns[0]).toMatchObject({
      attempts: 2,
      error: { code: 'TASK_FAILED', retryable: true },
    });
  });
});
