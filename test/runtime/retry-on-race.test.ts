import { describe, expect, it, vi } from 'vitest';
import { PushRejectedError, RemoteError } from '../../src/errors.js';
import { createRunContext } from '../../src/runtime/create-context.js';
import { retryOnRace } from '../../src/runtime/retry-on-race.js';
import { createMemoryStorage } from '../../src/storage/memory.js';

const context = createRunContext({ storage: createMemoryStorage() });
const race = () => new PushRejectedError('Somebody was faster.', { race: true });

/** A push that loses so many races, and each time takes so long. */
const losing = (races: number, tryMs = 0) => {
  let tries = 0;
  const push = async () => {
    await new Promise((resolve) => setTimeout(resolve, tryMs));
    if (++tries <= races) throw race();
    return tries;
  };
  return { push, tries: () => tries };
};

async function onFakeClock<T>(run: () => Promise<T>): Promise<T> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  try {
    const result = run();
    result.catch(() => {});
    await vi.runAllTimersAsync();
    return await result;
  } finally {
    vi.useRealTimers();
  }
}

describe('a push that loses races', () => {
  it('goes on far beyond five of them when no number is given', async () => {
    expect(await onFakeClock(() => retryOnRace(context, undefined, losing(60, 200).push))).toBe(61);
  });

  it('gives up after five minutes, or six tries that take longer', async () => {
    const { push, tries } = losing(Number.POSITIVE_INFINITY, 2000);
    const began = performance.now();
    await expect(onFakeClock(() => retryOnRace(context, undefined, push))).rejects.toMatchObject({
      code: 'PUSH_REJECTED',
      retryable: true,
      message: expect.stringMatching(/Tried \d+ times/),
      hint: expect.stringContaining('pushRetries'),
    });
    expect(tries()).toBeGreaterThan(20);
    expect(performance.now() - began).toBeLessThan(60_000);
    const slow = losing(Number.POSITIVE_INFINITY, 400_000);
    await expect(onFakeClock(() => retryOnRace(context, undefined, slow.push))).rejects.toThrow(
      /Tried 6 times/,
    );
  });

  it('tries as often as it was told, and not once more', async () => {
    for (const retries of [0, 3]) {
      const { push, tries } = losing(10);
      await expect(onFakeClock(() => retryOnRace(context, retries, push))).rejects.toThrow(
        'Somebody was faster.',
      );
      expect(tries()).toBe(retries + 1);
    }
  });

  it('hands on at once what is no race', async () => {
    const refusals = [new PushRejectedError('A hook says no.'), new RemoteError('Gone.')];
    for (const refusal of refusals) {
      let tries = 0;
      const push = () => {
        tries++;
        return Promise.reject(refusal);
      };
      await expect(retryOnRace(context, 5, push)).rejects.toBe(refusal);
      expect(tries).toBe(1);
    }
  });
});
