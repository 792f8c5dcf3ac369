import { setMaxListeners } from 'node:events';

/** A controller whose signal may have as many listeners as there are tasks that run at once. */
export function abortController(): AbortController {
  const controller = new AbortController();
  // Node warns of a leak at the eleventh listener, which a Parallel of eleven tasks is not.
  setMaxListeners(0, controller.signal);
  return controller;
}

/** A controller of our own that is aborted when `signal` is; `release` stops listening. */
export function following(signal: AbortSignal | undefined): { signal: AbortSignal; release: () => void } {
  const controller = abortController();
  const abort = () => controller.abort(signal?.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  return { signal: controller.signal, release: () => signal?.removeEventListener('abort', abort) };
}
