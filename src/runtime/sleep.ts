/** Waits, unless the signal is aborted first; then it rejects with the signal's reason. */
export type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>;

/** What one timer can hold: a longer delay would fire at once. */
const maxTimerMs = 2 ** 31 - 1;

/** Waits on the real clock. */
export const sleep: Sleep = async (ms, signal) => {
  let left = ms;
  do {
    signal?.throwIfAborted();
    const part = Math.min(left, maxTimerMs);
    await timer(part, signal);
    left -= part;
  } while (left > 0);
  signal?.throwIfAborted();
};

/** Ends when the time is up or the signal is aborted, whichever is first. */
function timer(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timeout);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timeout = setTimeout(end, ms);
    signal?.addEventListener('abort', end, { once: true });
  });
}
