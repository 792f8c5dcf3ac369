import { NotPermittedError } from '../../src/errors.js';
import type { Retention } from '../../src/executions/retention.js';
import type { ExecutionEvent } from '../../src/runtime/execution-events.js';
import { isLoopback, listen } from '../../src/server/listen.js';
import { createMetrics, type Metrics } from '../../src/server/metrics.js';
import { spansOfExecution } from '../../src/server/spans.js';
import { openSuspendedSyncs, startUnlessSuspended } from '../../src/server/suspended-syncs.js';
import { openTokenStore, type TokenStore } from '../../src/server/tokens/token-store.js';
import { createFlowCatalog } from '../../src/triggers/flow-catalog.js';
import { createScheduler } from '../../src/triggers/schedule/scheduler.js';
import { startOne } from '../../src/triggers/start-one.js';
import { tellIdle } from '../../src/triggers/tell-idle.js';
import type { Session } from '../session.js';
import { readKeys } from '../stored-secrets.js';
import { composeApp } from './compose-app.js';
import { planMaker } from './make-plan.js';
import { openServerEngine, type ServerEngine } from './server-engine.js';

export interface ServeOptions {
  host: string;
  port: number;
  /** Runs at once in this process; 0 for none. */
  concurrency: number;
  /** Scheduled runs of one moment are spread over so many milliseconds. */
  jitterMs: number;
  allowedRemotes: readonly string[] | undefined;
  retention: Retention;
}

const graceMs = 30_000;

/** Serves until the session's signal aborts, and resolves to the exit code. */
export async function runServer(session: Session, options: ServeOptions): Promise<number> {
  let metrics: Metrics | null = null;
  const observe = () => {
    const listeners = [spansOfExecution(), metrics?.observer()];
    return (event: ExecutionEvent) => {
      for (const listener of listeners) listener?.(event);
    };
  };
  const { allowedRemotes, retention } = options;
  const engine = await openServerEngine(session, { allowedRemotes, retention, observe });
  try {
    metrics = createMetrics(engine.queue);
    const tokens = openTokenStore(engine.storage);
    await refuseOpenDoor(options, tokens);
    await serve(session, options, { engine, tokens, metrics });
    return 0;
  } finally {
    await engine.close();
  }
}

interface Parts {
  engine: ServerEngine;
  tokens: TokenStore;
  metrics: Metrics;
}

/** Opens everything from the inside out, and closes it the other way round. */
async function serve(session: Session, options: ServeOptions, parts: Parts): Promise<void> {
  const { engine } = parts;
  const { signal } = session.io;
  const logger = await session.logger();
  const catalog = createFlowCatalog({ storage: engine.storage, registry: engine.registry, logger });
  tellIdle(catalog, logger);
  await catalog.refresh();
  const suspended = openSuspendedSyncs(engine.storage, () => new Date());
  const startRuns = startUnlessSuspended(engine.startRuns, suspended);
  const app = composeApp({
    ...parts,
    catalog,
    logger,
    keyring: await readKeys(session),
    makePlan: planMaker(session, engine),
    startTriggered: (request) => startOne(startRuns, request),
    isDraining: () => signal.aborted,
  });
  const { jitterMs } = options;
  const scheduler = createScheduler({ catalog, storage: engine.storage, startRuns, logger, jitterMs });
  const unfollow = await catalog.follow();
  const worker = options.concurrency === 0 ? null : await engine.work({ concurrency: options.concurrency });
  try {
    const server = await listen(app, options);
    await scheduler.start();
    if (session.settings.json) session.printJson({ url: server.url, docs: `${server.url}/api/docs` });
    else session.print(`listening at ${server.url}, described at ${server.url}/api/docs\n`);
    await aborted(signal);
    logger.info({ graceMs }, 'Stopping: nothing new is taken, what runs may end');
    await scheduler.stop();
    // Requests and runs end beside each other; followers of logs are let go when no run is left.
    const stopped = worker?.stop(graceMs);
    await stopped;
    await server.close(1000);
  } finally {
    await scheduler.stop();
    await worker?.stop(0);
    await unfollow();
  }
}

/** @throws NotPermittedError when anybody could use the server */
async function refuseOpenDoor({ host }: ServeOptions, tokens: TokenStore): Promise<void> {
  if (isLoopback(host) || (await tokens.any())) return;
  throw new NotPermittedError(`Without a token, everybody who reaches ${host} could run and change flows.`, {
    hint: 'Make one with "flowgit token create --scope admin", or listen on 127.0.0.1.',
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });
}
