import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sleep } from '../../src/runtime/sleep.js';

describe('sleep', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('waits, also longer than one timer can', async () => {
    let done = false;
    const days = 30 * 24 * 3600 * 1000;
    const waiting = sleep(days).then(() => {
      done = true;
    });
    await vi.advanceTimersByTimeAsync(days - 1);
    expect(done).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await waiting;
    expect(done).toBe(true);
  });

  it('ends with the reason of an abort, and leaves no timer', async () => {
    const stop = new AbortController();
    const waiting = expect(sleep(1000, stop.signal)).rejects.toThrow('enough');
    stop.abort(new Error('enough'));
    await waiting;
    expect(vi.getTimerCount()).toBe(0);
    await expect(sleep(1000, stop.signal)).rejects.toThrow('enough');
  });
});
