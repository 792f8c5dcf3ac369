import { CancelledError, FlowgitError } from '../errors.js';

/** @throws CancelledError, or what the signal was aborted with when that says more */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancellation(signal);
}

/** The failure that an aborted signal stands for. */
export function cancellation(signal: AbortSignal | undefined): FlowgitError {
  if (signal?.reason instanceof FlowgitError) return signal.reason;
  return new CancelledError('The run was cancelled.', { cause: signal?.reason });
}

/** @throws CancelledError as soon as the signal is aborted, whatever becomes of what is waited for */
export async function untilCancelled<T>(
  pending: Promise<T>,
  { signal }: { signal?: AbortSignal | undefined },
): Promise<T> {
  if (signal === undefined) return pending;
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(cancellation(signal));
  });
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([pending, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
