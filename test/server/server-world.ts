import { checkFlow } from '../../bin/validation/check-flow.js';
import type { TokenScope } from '../../schemas/api.js';
import { type Engine, openEngine } from '../../src/executions/engine.js';
import { createGit } from '../../src/git/index.js';
import { silentLogger } from '../../src/logger.js';
import { createRunContext, memoryOutputFiles } from '../../src/runtime/create-context.js';
import { TaskRegistry } from '../../src/runtime/registry.js';
import { readKeyring } from '../../src/secrets/keyring.js';
import { openSecretStore, type SecretStore } from '../../src/secrets/stored.js';
import { createApp } from '../../src/server/create-app.js';
import { createMetrics } from '../../src/server/metrics.js';
import type { ServerApp } from '../../src/server/services.js';
import { openTokenStore, type TokenStore } from '../../src/server/tokens/token-store.js';
import { createFlowCatalog } from '../../src/triggers/flow-catalog.js';
import { createDeliveryLog } from '../../src/triggers/git-host/delivery-log.js';
import { createPushPace } from '../../src/triggers/git-host/push-pace.js';
import { allTasks } from '../../tasks/index.js';

/** The API over a real engine in memory. */
export interface ServerWorld {
  app: ServerApp;
  engine: Engine;
  tokens: TokenStore;
  secrets: SecretStore;
  /** Makes a token and gives the header that carries it. */
  bearer(scopes: readonly TokenScope[], namespaces?: readonly string[]): Promise<{ Authorization: string }>;
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  /** Carries everything out that is queued. */
  work(): Promise<void>;
  close(): Promise<void>;
}

export interface ServerWorldOptions {
  requestsPerMinute?: number;
  failuresPerMinute?: number;
  /** Default: `memory:` */
  storageUrl?: string;
}

export async function openServerWorld({
  storageUrl = 'memory:',
  ...options
}: ServerWorldOptions = {}): Promise<ServerWorld> {
  const registry = new TaskRegistry(allTasks);
  const git = createGit();
  const metricsOf = { current: null as ReturnType<typeof createMetrics> | null };
  const engine = await openEngine({
    storageUrl,
    registry,
    git,
    secrets: { get: async () => null },
    logger: silentLogger,
    outputFiles: (executionId) => memoryOutputFiles(executionId),
    observe: () => metricsOf.current?.observer() ?? (() => {}),
  });
  const { storage, executions, queue, startRun, resume, tenant } = engine;
  const metrics = createMetrics(queue);
  metricsOf.current = metrics;
  const tokens = openTokenStore(storage);
  const secrets = openSecretStore(storage, readKeyring(Buffer.alloc(32, 7).toString('base64')));
  const catalog = createFlowCatalog({ storage, registry, logger: silentLogger });
  const app = createApp({
    tokens,
    version: '1.2.3',
    ...options,
    services: {
      tenant,
      storage,
      executions,
      queue,
      catalog,
      startRun,
      resume,
      registry,
      secrets,
      metrics,
      logger: silentLogger,
      checkFlow: (source) => checkFlow(source, registry),
      makePlan: () =>
        Promise.reject(new Error('Plans are made by the composition; see test/bin/serve.test.ts.')),
      openContext: (signal) => createRunContext({ storage, git, signal }),
      webhooks: {
        tenant,
        catalog,
        startRun,
        logger: silentLogger,
        deliveries: createDeliveryLog(storage),
        pace: createPushPace(),
        secrets: { get: async () => null },
      },
    },
  });
  return {
    app,
    engine,
    tokens,
    secrets,
    async bearer(scopes, namespaces) {
      const { text } = await tokens.create({
        name: 'test',
        scopes,
        namespaces: namespaces ?? null,
        expiresAt: null,
      });
      return { Authorization: `Bearer ${text}` };
    },
    request: async (method, path, body, headers = {}) => {
      const isText = typeof body === 'string' || body instanceof Uint8Array;
      const type = isText ? 'application/x-yaml' : 'application/json';
      return app.request(path, {
        method,
        headers: { ...(body !== undefined && { 'Content-Type': type }), ...headers },
        ...(body !== undefined && { body: isText ? (body as string) : JSON.stringify(body) }),
      });
    },
    async work() {
      const worker = await engine.work({ concurrency: 4 });
      const until = Date.now() + 20_000;
      for (;;) {
        const { waiting, running } = await queue.depth();
        if (waiting + running === 0) break;
        if (Date.now() > until) throw new Error('The queue does not become empty.');
        await new Promise((done) => setTimeout(done, 50));
      }
      await worker.stop(1000);
    },
    close: () => engine.close(),
  };
}
