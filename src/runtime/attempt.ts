import { CancelledError, TaskTimeoutError } from '../errors.js';
import { abortController } from './abort.js';
import type { Sleep } from './sleep.js';

export interface AttemptOptions {
  taskId: string;
  /** Aborted when the execution is cancelled. */
  signal: AbortSignal;
  timeoutMs: number | undefined;
  /** How long after an interruption the task may take to stop. */
  graceMs: number;
  /** Whether the task runs others, which have their own bounds; then it is always waited for. */
  isFlowable: () => boolean;
  sleep: Sleep;
}

/**
 * Runs a task once, until it ends, its time is up or the execution is cancelled. A task that does not heed its signal
 * is left behind after a while, so that nothing waits for it for ever.
 * @throws TaskTimeoutError, CancelledError, or what the task throws
 */
export async function runAttempt<T>(
  work: (signal: AbortSignal) => Promise<T>,
  options: AttemptOptions,
): Promise<T> {
  const interrupt = abortController();
  const over = new AbortController();
  const timeout = new TaskTimeoutError(
    `Task "${options.taskId}" took longer than its timeout of ${(options.timeoutMs ?? 0) / 1000} s.`,
    { hint: 'Raise "timeout", or find out what it waits for.' },
  );
  const cancelled = () => interrupt.abort(cancelledError(options.taskId));
  if (options.signal.aborted) cancelled();
  options.signal.addEventListener('abort', cancelled, { once: true });
  if (options.timeoutMs !== undefined) {
    options.sleep(options.timeoutMs, over.signal).then(
      () => interrupt.abort(timeout),
      () => {},
    );
  }
  const ended = settle(() => work(interrupt.signal));
  try {
    const first = await Promise.race([ended, aborted(interrupt.signal)]);
    const outcome = first ?? (await afterInterruption(ended, options));
    if (interrupt.signal.reason === timeout) throw timeout;
    // Done is done, also when the cancellation came while it was finishing.
    if (outcome?.ok) return outcome.value;
    if (interrupt.signal.aborted) throw interrupt.signal.reason;
    throw outcome?.error;
  } finally {
    over.abort();
    options.signal.removeEventListener('abort', cancelled);
  }
}

export function cancelledError(taskId: string): CancelledError {
  return new CancelledError(`Task "${taskId}" was cancelled.`);
}

type Outcome<T> = { ok: true; value: T } | { ok: false; error: unknown };

async function settle<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, error };
  }
}

function aborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(null);
    else signal.addEventListener('abort', () => resolve(null), { once: true });
  });
}

async function afterInterruption<T>(
  ended: Promise<Outcome<T>>,
  options: AttemptOptions,
): Promise<Outcome<T> | null> {
  if (options.isFlowable()) return ended;
  const enough = new AbortController();
  const grace = options.sleep(options.graceMs, enough.signal).then(
    () => null,
    () => null,
  );
  try {
    return await Promise.race([ended, grace]);
  } finally {
    enough.abort();
  }
}
