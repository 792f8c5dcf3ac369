import { PushRejectedError } from '../errors.js';
import type { RunContext } from './context.js';
import { sleep } from './sleep.js';

/** How long pushes that were given no number go on trying; every lost race is a push of somebody else that landed. */
const patienceMs = 300_000;
/** However long each try takes, so many follow the first. */
const minRetries = 5;
/** Waits are spread over so many tries at most. */
const maxSpread = 16;
/** After so many lost races a push no longer makes room for others. */
const elderAfter = 12;
const minTryMs = 20;
const maxWaitMs = 10_000;

/**
 * Plans and pushes again when somebody else pushed first: `retries` times at most; where no number is given, for five
 * minutes, and five times at least.
 *
 * Who lost waits a random part of the time that its own try took, over a span that doubles with the first losses: with
 * many pushers, few of them try at once, on fast and slow remotes alike. Who has lost often waits one such time at most,
 * so that newcomers do not overtake it for ever.
 * @throws PushRejectedError
 */
export async function retryOnRace<T>(
  context: RunContext,
  retries: number | undefined,
  push: () => Promise<T>,
): Promise<T> {
  const start = performance.now();
  for (let attempt = 1; ; attempt++) {
    const began = performance.now();
    try {
      return await push();
    } catch (error) {
      if (!(error instanceof PushRejectedError) || !error.race) throw error;
      const now = performance.now();
      const isOver =
        retries === undefined ? attempt > minRetries && now - start > patienceMs : attempt > retries;
      if (isOver) throw lostTooOften(error, attempt);
      const waitMs = Math.random() * spanMs(attempt, now - began);
      context.logger.info(
        { attempt, waitMs: Math.round(waitMs) },
        'someone else pushed first, planning again',
      );
      await sleep(waitMs, context.signal);
    }
  }
}

function spanMs(attempt: number, tryMs: number): number {
  const spread = attempt > elderAfter ? 1 : Math.min(2 ** (attempt - 1), maxSpread);
  return Math.min(Math.max(tryMs, minTryMs) * spread, maxWaitMs);
}

function lostTooOften(error: PushRejectedError, attempts: number): PushRejectedError {
  return new PushRejectedError(`${error.message} Tried ${attempts} times.`, {
    race: true,
    hint: 'The branch is busy: run it again later, or raise "pushRetries".',
    cause: error,
  });
}
