import { CancelledError, FlowgitError } from '../errors.js';

/** @throws CancelledError, or what the signal was aborted with when that says more */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  if (signal.reason instanceof FlowgitError) throw signal.reason;
  throw new CancelledError('The run was cancelled.', { cause: signal.reason });
}
