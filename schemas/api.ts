import * as z from 'zod';
import { errorReport } from './error-codes.js';
import { taskRun } from './execution.js';
import { planDocument, planSummary } from './plan.js';
import { identifier, namespaceName } from './resources.js';
import { runRecord } from './run-record.js';
import { savedPlan } from './saved-plan.js';

/** The shapes of the REST API's requests and answers. */

export const tokenScopes = ['read', 'run', 'write', 'admin'] as const;
export const tokenScope = z.enum(tokenScopes);
export type TokenScope = z.infer<typeof tokenScope>;

const oid = z.string().describe('Git blob id of the content; also the ETag.');

export const apiProblem = z
  .object({ ...errorReport.shape, problems: z.unknown().optional() })
  .describe(
    'A failure: what is wrong and where, what to do next, and whether the same request may succeed later.',
  );

export const apiToken = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(tokenScope),
  namespaces: z.array(z.string()).nullable().describe('These and those below them; null for all.'),
  createdAt: z.string(),
  expiresAt: z.string().nullable(),
});

export const newToken = z.strictObject({
  name: z.string().min(1).max(100),
  scopes: z.array(tokenScope).min(1),
  namespaces: z.array(namespaceName).min(1).nullable().default(null),
  expiresAt: z.iso.datetime().nullable().default(null),
});

export const flowFinding = z.object({
  line: z.int(),
  column: z.int(),
  severity: z.enum(['error', 'warning']),
  message: z.string(),
});
export type FlowFinding = z.infer<typeof flowFinding>;

const idleTrigger = z.object({
  id: z.string(),
  type: z.string(),
  cause: z
    .enum(['disabled', 'unknown', 'invalid'])
    .describe('Somebody wanted it so, flowgit lacks what it needs, or it is a mistake.'),
  reason: z.string(),
});

export const flowSummary = z.object({
  namespace: z.string(),
  id: z.string(),
  revision: z.int(),
  disabled: z.boolean(),
  unknownTypes: z.array(z.string()).describe('Task types this engine does not have: the flow is not run.'),
  idleTriggers: z.array(idleTrigger).describe('Triggers that start nothing, and why.'),
});

export const brokenFlow = z.object({
  namespace: z.string(),
  id: z.string(),
  revision: z.int(),
  problems: z.array(z.string()),
});

export const flowList = z.object({
  flows: z.array(flowSummary),
  broken: z.array(brokenFlow).describe('Stored flows that are not valid; they are not run.'),
});

export const flowDocument = z.object({
  namespace: z.string(),
  id: z.string(),
  revision: z.int(),
  oid,
  source: z.string().describe('The YAML.'),
  problems: z.array(flowFinding),
});

export const revisionList = z.object({
  revisions: z.array(
    z.object({
      revision: z.int(),
      oid: z.string().nullable().describe('Null when it was deleted.'),
      size: z.int().nullable(),
      madeAt: z.string(),
    }),
  ),
});

export const fileEntry = z.object({ path: z.string(), size: z.int(), revision: z.int(), oid });
export const fileList = z.object({ files: z.array(fileEntry) });

export const executionState = z.enum([
  'QUEUED',
  'RUNNING',
  'PAUSED',
  'SUCCESS',
  'WARNING',
  'FAILED',
  'CANCELLED',
]);

export const executionDocument = z.object({
  id: z.string(),
  namespace: z.string(),
  flowId: z.string(),
  flowRevision: z.int().nullable(),
  state: executionState,
  trigger: z.object({
    type: z.enum(['schedule', 'webhook', 'api', 'replay', 'sync']),
    id: z.string().optional(),
    variables: z.record(z.string(), z.unknown()),
  }),
  inputs: z.record(z.string(), z.unknown()),
  outputs: z.record(z.string(), z.unknown()),
  error: errorReport.nullable(),
  createdAt: z.string(),
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  waiting: z
    .object({ taskId: z.string(), since: z.string(), until: z.string().nullable() })
    .nullable()
    .describe('What a paused execution waits for.'),
  taskRuns: z.array(taskRun),
});
export const executionList = z.object({ executions: z.array(executionDocument) });

export const startedExecution = z.object({
  id: z.string().nullable().describe('Null when nothing was started.'),
  started: z.boolean(),
  reason: z
    .enum(['waiting', 'suspended'])
    .nullable()
    .describe('Why not: a run that waits already does the same, or the sync is suspended.'),
});

export const webhookAnswer = z.object({
  ...startedExecution.shape,
  namespace: z.string(),
  flowId: z.string(),
  state: z.literal('QUEUED').nullable(),
});

export const deliveryAnswer = z.object({
  runs: z.array(
    z.object({
      namespace: z.string(),
      flow: z.string(),
      executionId: startedExecution.shape.id,
      started: z.boolean(),
      reason: startedExecution.shape.reason,
    }),
  ),
  ignored: z.string().optional().describe('Why nothing was started.'),
});

export const logLine = z.object({
  number: z.int(),
  taskId: z.string().nullable(),
  level: z.string(),
  message: z.string(),
  fields: z.record(z.string(), z.unknown()),
  at: z.string(),
});
export const logList = z.object({ lines: z.array(logLine) });

export const executionPlans = z.object({
  plans: z.array(z.object({ taskId: z.string(), plan: planDocument })),
});

export const keptPlan = z.object({
  id: z.string(),
  madeAt: z.string(),
  madeBy: z.string(),
  appliedAt: z.string().nullable(),
  flow: z.object({ namespace: z.string(), id: z.string() }),
  tasks: z.array(z.object({ taskId: z.string(), task: z.string(), summary: planSummary })),
});
export const planList = z.object({ plans: z.array(keptPlan) });
export const shownPlan = z.object({ ...keptPlan.shape, plan: savedPlan });
export const appliedPlan = z.object({
  tasks: z.array(
    z.object({
      taskId: z.string(),
      plan: planDocument,
      commitId: z.string().nullable(),
      commitURL: z.string().nullable(),
    }),
  ),
});

const inputs = z.record(z.string(), z.unknown()).default({});
export const startBody = z.strictObject({ inputs });
export const planBody = z.union(
  [
    z.strictObject({ namespace: namespaceName, id: identifier, inputs }).describe('A stored flow.'),
    z.strictObject({ source: z.string(), inputs }).describe('The YAML of a flow.'),
  ],
  { error: 'it needs "namespace" and "id" of a stored flow, or "source", and may have "inputs"' },
);

const syncSide = z.object({
  direction: z.enum(['SYNC', 'PUSH']),
  kind: z.string(),
  url: z.string(),
  revision: z.string(),
  directory: z.string(),
  namespace: z.string(),
  children: z.boolean(),
});

const drift = z.object({
  changed: z.array(z.string()),
  added: z.array(z.string()),
  deleted: z.array(z.string()),
});

export const syncDocument = z.object({
  id: z.string(),
  sync: syncSide,
  suspendedAt: z.string().nullable(),
  commit: z.string().nullable().describe('Of the last run that wrote something.'),
  resources: z.int(),
  lastRun: runRecord.nullable(),
  lastSuccess: z.string().nullable(),
  storage: drift.nullable(),
  git: z
    .union([z.object({ commit: z.string(), drift }), z.object({ error: errorReport })])
    .nullable()
    .describe('Null unless `fetch=true`.'),
});
export const syncList = z.object({ syncs: z.array(syncDocument) });
export const syncHistory = z.object({ runs: z.array(runRecord).describe('Newest first.') });

export const secretBody = z.strictObject({ value: z.string().min(1).max(65_536) });
export const secretList = z.object({
  secrets: z.array(
    z.object({ namespace: z.string(), name: z.string(), keyId: z.string(), updatedAt: z.string() }),
  ),
});
