/** Waits, unless the signal is aborted first; then it rejects with the signal's reason. */
export type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>;

/** What one timer can hold: a longer delay would fire at once. */
const maxTimerMs = 2 ** 31 - 1;

/** Waits on the real clock. */
export const sleep: Sleep = async (ms, signal) => {
  let left = ms;
  do {
    const part = Math.min(left, maxTimerMs);
    await wait(part, signal);
    left -= part;
  } while (left > 0);
};

function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
