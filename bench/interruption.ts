import type { ChildProcess } from 'node:child_process';
import { Interruption } from '../bin/io.js';

/** With bash as its shell, npm hands a Ctrl-C on that the terminal has sent already: one press comes twice. */
const onePressMs = 300;
const stopping = new AbortController();

/** Aborted by Ctrl-C or SIGTERM: children end, whoever waits for them fails, and on its way out removes what it made. */
export const interruption: AbortSignal = stopping.signal;

/** Makes the first signal an interruption. A second one does not wait for what the first one began. */
export function listenForInterruption(): void {
  let interruptedAt = 0;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      const reason = new Interruption(signal);
      if (!interruption.aborted) {
        interruptedAt = performance.now();
        stopping.abort(reason);
      } else if (performance.now() - interruptedAt > onePressMs) process.exit(reason.exitCode);
    });
  }
}

/** What the process exits with when it was interrupted, as shells report it; null when it was not. */
export function interruptedExitCode(): number | null {
  return interruption.aborted ? (interruption.reason as Interruption).exitCode : null;
}

/** Ends a child with SIGTERM when the benchmark is interrupted. */
export function endOnInterruption<Child extends ChildProcess>(child: Child): Child {
  const end = () => child.kill();
  if (interruption.aborted) end();
  interruption.addEventListener('abort', end, { once: true });
  child.once('exit', () => interruption.removeEventListener('abort', end));
  return child;
}
