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
