import type { RetryPolicy } from '../../schemas/core-properties.js';
import { FlowgitError } from '../errors.js';

export interface FailedAttempt {
  error: unknown;
  /** 1 for the first. */
  attempt: number;
  /** Since the first attempt began. */
  elapsedMs: number;
}

/**
 * How long to wait before the next attempt, or null when there is none: the policy is used up, or the error says that
 * trying again would not help. An error that is not one of ours says nothing, and is not retried without `retryAll`.
 */
export function nextAttempt(
  policy: RetryPolicy | undefined,
  failed: FailedAttempt,
  random: () => number = Math.random,
): number | null {
  if (policy === undefined) return null;
  const retryable = failed.error instanceof FlowgitError && failed.error.retryable;
  if (!retryable && !policy.retryAll) return null;
  if (failed.attempt >= (policy.maxAttempts ?? policy.maxAttempt ?? Number.POSITIVE_INFINITY)) return null;
  const waitMs = delay(policy, failed.attempt, random);
  if (policy.maxDuration !== undefined && failed.elapsedMs + waitMs > policy.maxDuration) return null;
  return waitMs;
}

function delay(policy: RetryPolicy, attempt: number, random: () => number): number {
  switch (policy.type) {
    case 'constant':
      return policy.interval;
    case 'exponential':
      return Math.min(policy.interval * policy.delayFactor ** (attempt - 1), policy.maxInterval);
    case 'random': {
      const low = Math.min(policy.minInterval, policy.maxInterval);
      const high = Math.max(policy.minInterval, policy.maxInterval);
      return Math.round(low + random() * (high - low));
    }
  }
}
