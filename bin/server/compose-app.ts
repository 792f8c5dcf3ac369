import { createRequire } from 'node:module';
import type { Logger } from '../../src/logger.js';
import type { Keyring } from '../../src/secrets/keyring.js';
import { openSecretStore } from '../../src/secrets/stored.js';
import { type AppOptions, createApp } from '../../src/server/create-app.js';
import type { Metrics } from '../../src/server/metrics.js';
import type { MakePlan } from '../../src/server/plans/plan-store.js';
import type { ServerApp } from '../../src/server/services.js';
import type { TokenStore } from '../../src/server/tokens/token-store.js';
import { createDeliveryLog } from '../../src/triggers/git-host/delivery-log.js';
import type { FlowCatalog, StartRun } from '../../src/triggers/types.js';
import { checkFlow } from '../validation/check-flow.js';
import type { ServerEngine } from './server-engine.js';

export interface AppParts extends Omit<AppOptions, 'services' | 'tokens' | 'version'> {
  engine: Omit<ServerEngine, 'git' | 'network' | 'startRuns' | 'work' | 'keepPurging' | 'close'>;
  tokens: TokenStore;
  metrics: Metrics;
  catalog: FlowCatalog;
  logger: Logger;
  /** What secrets in storage are encrypted with; null without. */
  keyring: Keyring | null;
  makePlan: MakePlan;
  /** What webhooks start runs with. Default: as the API does. */
  startTriggered?: StartRun;
}

/** The HTTP application over an engine. */
export function composeApp(parts: AppParts): ServerApp {
  const { engine, tokens, metrics, catalog, logger, keyring, makePlan, startTriggered, ...options } = parts;
  const { storage, tenant, executions, queue, startRun, resume, secrets, registry, openContext } = engine;
  return createApp({
    ...options,
    tokens,
    version: packageVersion(),
    services: {
      tenant,
      storage,
      executions,
      queue,
      catalog,
      startRun,
      resume,
      registry,
      metrics,
      logger,
      secrets: keyring === null ? null : openSecretStore(storage, keyring),
      checkFlow: (source) => checkFlow(source, registry),
      makePlan,
      openContext,
      webhooks: {
        tenant,
        catalog,
        secrets,
        logger,
        deliveries: createDeliveryLog(storage),
        startRun: startTriggered ?? startRun,
      },
    },
  });
}

function packageVersion(): string {
  const read = createRequire(import.meta.url);
  return (read('flowgit/package.json') as { version: string }).version;
}
