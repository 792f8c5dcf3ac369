import { composeApp } from '../../bin/server/compose-app.js';
import type { TokenScope } from '../../schemas/api.js';
import { type Engine, openEngine } from '../../src/executions/engine.js';
import { createGit } from '../../src/git/index.js';
import { silentLogger } from '../../src/logger.js';
import { createRunContext, memoryOutputFiles } from '../../src/runtime/create-context.js';
import { TaskRegistry } from '../../src/runtime/registry.js';
import { readKeyring } from '../../src/secrets/keyring.js';
import { openSecretStore, type SecretStore } from '../../src/secrets/stored.js';
import { createMetrics } from '../../src/server/metrics.js';
import type { ServerApp } from '../../src/server/services.js';
import { openTokenStore, type TokenStore } from '../../src/server/tokens/token-store.js';
import { createFlowCatalog } from '../../src/triggers/flow-catalog.js';
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
  const noSecrets = { get: async () => null };
  const metricsOf = { current: null as ReturnType<typeof createMetrics> | null };
  const engine = await openEngine({
    storageUrl,
    registry,
    git,
    secrets: noSecrets,
    logger: silentLogger,
    outputFiles: (executionId) => memoryOutputFiles(executionId),
    observe: () => metricsOf.current?.observer() ?? (() => {}),
  });
  const { storage, queue } = engine;
  const metrics = createMetrics(queue);
  metricsOf.current = metrics;
  const tokens = openTokenStore(storage);
  const keyring = readKeyring(Buffer.alloc(32, 7).toString('base64'));
  const secrets = openSecretStore(storage, keyring);
  const catalog = createFlowCatalog({ storage, registry, logger: silentLogger });
  const openContext = (signal: AbortSignal) => createRunContext({ storage, git, signal });
  const app = composeApp({
    ...options,
    engine: { ...engine, registry, secrets: noSecrets, openContext },
    tokens,
    metrics,
    catalog,
    logger: silentLogger,
    keyring,
    makePlan: () =>
      Promise.reject(new Error('Plans are made by the composition; see test/bin/serve.test.ts.')),
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
