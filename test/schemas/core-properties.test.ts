import { describe, expect, it } from 'vitest';
import { connectionProperties } from '../../schemas/connection.js';
import { coreProperties } from '../../schemas/core-properties.js';
import { resourceKey } from '../../schemas/resources.js';

const task = { id: 'a', type: 'git.SyncFlows' };

it('fills in what a task does not say', () => {
  expect(coreProperties.parse(task)).toEqual({
    ...task,
    disabled: false,
    allowFailure: false,
    allowWarning: false,
  });
});

describe('a retry', () => {
  it.each([
    [
      { type: 'constant', interval: 'PT1S', maxAttempts: '3' },
      { type: 'constant', interval: 1000, maxAttempts: 3 },
    ],
    [
      { type: 'exponential', interval: 'PT1S', maxInterval: 'PT1M' },
      { type: 'exponential', interval: 1000, maxInterval: 60_000, delayFactor: 2 },
    ],
    [
      { type: 'random', minInterval: 1, maxInterval: 'PT2S', maxDuration: 'PT1H', retryAll: 'true' },
      { type: 'random', minInterval: 1000, maxInterval: 2000, maxDuration: 3_600_000, retryAll: true },
    ],
  ])('%j is read', (retry, expected) => {
    expect(coreProperties.parse({ ...task, retry }).retry).toEqual({
      warningOnRetry: false,
      retryAll: false,
      ...expected,
    });
  });

  it.each([
    { type: 'often' },
    { interval: 'PT1S' },
    { type: 'constant' },
    { type: 'constant', interval: 'soon' },
    { type: 'constant', interval: 'PT1S', maxAttempts: 0 },
    { type: 'constant', interval: 'PT1S', intervall: 'PT1S' },
    { type: 'exponential', interval: 'PT1S', maxInterval: 'PT1M', delayFactor: 0.5 },
  ])('%j is refused', (retry) => {
    expect(coreProperties.safeParse({ ...task, retry }).success).toBe(false);
  });
});

it('gives a connection its time-outs and checks', () => {
  expect(connectionProperties.parse({ url: 'https://host/x', readTimeout: '5' })).toEqual({
    url: 'https://host/x',
    strictHostKeyChecking: true,
    connectTimeout: 10_000,
    readTimeout: 5,
    noProxy: false,
    cloneSubmodules: false,
  });
  expect(connectionProperties.safeParse({ url: '' }).success).toBe(false);
  expect(connectionProperties.safeParse({ url: 'x', auth: { token: 'x' } }).success).toBe(false);
  expect(connectionProperties.safeParse({ url: 'x', connectTimeout: 0 }).success).toBe(false);
});

it.each([
  [{ kind: 'flow', namespace: 'a', id: 'b' }, true],
  [{ kind: 'dashboard', namespace: '', id: 'b' }, true],
  [{ kind: 'flow', namespace: 'a', id: '' }, false],
  [{ kind: 'secret', namespace: 'a', id: 'b' }, false],
])('%j names a resource: %s', (key, answer) => {
  expect(resourceKey.safeParse(key).success).toBe(answer);
});
