import type { OpenAPIHono } from '@hono/zod-openapi';
import type { FlowFinding } from '../../schemas/api.js';
import type { ExecutionStore } from '../executions/types.js';
import type { Logger } from '../logger.js';
import type { RunQueue } from '../queue/types.js';
import type { RunContext } from '../runtime/context.js';
import type { TaskRegistry } from '../runtime/registry.js';
import type { SecretStore } from '../secrets/stored.js';
import type { StorageAdapter } from '../storage/types.js';
import type { FlowCatalog, StartRun } from '../triggers/types.js';
import type { Metrics } from './metrics.js';
import type { MakePlan } from './plans/plan-store.js';
import type { WebhookServices } from './routes/webhooks.js';
import type { Caller } from './tokens/authenticate.js';

/** What the REST API stands upon. */
export interface ServerServices {
  /** The only one there is; every address names it. */
  tenant: string;
  storage: StorageAdapter;
  executions: ExecutionStore;
  queue: Pick<RunQueue, 'cancel' | 'depth'>;
  catalog: FlowCatalog;
  registry: TaskRegistry;
  startRun: StartRun;
  /** Lets a paused execution go on; false when it does not wait for that. */
  resume(executionId: string, inputs: Readonly<Record<string, unknown>>): Promise<boolean>;
  /** Null without a key to encrypt with. */
  secrets: SecretStore | null;
  checkFlow(source: string): FlowFinding[];
  makePlan: MakePlan;
  /** The surroundings of one request that plans, applies or asks remotes, with a redactor of its own. */
  openContext(signal: AbortSignal): RunContext;
  webhooks: WebhookServices;
  metrics: Metrics;
  logger: Logger;
  clock?: () => Date;
}

export interface ServerEnv {
  Variables: { caller: Caller };
}

export type ServerApp = OpenAPIHono<ServerEnv>;
