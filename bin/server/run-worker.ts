import type { Retention } from '../../src/executions/retention.js';
import type { Session } from '../session.js';
import { openServerEngine } from './server-engine.js';

export interface WorkerOptions {
  concurrency: number;
  /** How long runs under way may take when the worker stops. */
  graceMs: number;
  allowedRemotes: readonly string[] | undefined;
  retention: Retention;
}

/** Carries queued runs out until the session's signal aborts. */
export async function runWorker(
  session: Session,
  { concurrency, graceMs, allowedRemotes, retention }: WorkerOptions,
): Promise<void> {
  const logger = await session.logger();
  const engine = await openServerEngine(session, { allowedRemotes, retention });
  try {
    const worker = await engine.work({ concurrency });
    logger.info({ storage: engine.storage.location, concurrency }, 'The worker takes runs');
    await aborted(session.io.signal);
    logger.info({ graceMs }, 'Stopping: nothing new is taken, what runs may end');
    await worker.stop(graceMs);
    logger.info({}, 'The worker has stopped');
  } finally {
    await engine.close();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
