import { createRoute } from '@hono/zod-openapi';
import type { Context } from 'hono';
import * as z from 'zod';
import {
  executionDocument,
  executionList,
  executionPlans,
  executionState,
  startBody,
  startedExecution,
} from '../../../schemas/api.js';
import { identifier, namespaceName } from '../../../schemas/resources.js';
import {
  ConflictError,
  ExecutionNotFoundError,
  FlowNotFoundError,
  UnknownTaskTypeError,
} from '../../errors.js';
import type { ExecutionFilter, ExecutionRecord } from '../../executions/types.js';
import type { StartedRun, StoredFlow } from '../../triggers/types.js';
import { forApi } from '../http/api-hint.js';
import type { ServerApp, ServerEnv, ServerServices } from '../services.js';
import { requireNamespace } from '../tokens/authenticate.js';
import { answers, base, executionId, flowParams, idParams, jsonBody, needs, params } from './endpoint.js';
import { refuseInputs } from './refuse-inputs.js';

const tags = ['executions'];
const maxListed = 200;

const listQuery = z.object({
  namespace: namespaceName.optional().describe('This namespace and those below it.'),
  flowId: identifier.optional(),
  state: z
    .union([executionState, z.array(executionState)], {
      error: `is one of ${executionState.options.join(', ')}`,
    })
    .optional()
    .describe('May be given several times.'),
  before: z
    .union([z.iso.datetime(), executionId])
    .optional()
    .describe('Only those created before this time, or listed after the execution of this id; to page on.'),
  limit: z.coerce.number().int().min(1).max(maxListed).default(50),
});

/** Executions: start, list, look at, cancel, replay, resume. */
export function executionRoutes(app: ServerApp, services: ServerServices): void {
  const { executions, queue, startRun } = services;

  app.openapi(
    createRoute({
      method: 'get',
      path: `${base}/executions`,
      tags,
      summary: 'Executions, the newest first',
      ...needs('read'),
      request: { params: params(), query: listQuery },
      responses: answers(200, 'The executions', executionList),
    }),
    async (context) => {
      const { namespace, flowId, state, before, limit } = context.req.valid('query');
      const caller = context.get('caller');
      if (before !== undefined && !isTime(before)) await readExecution(context, services, before);
      const filter: ExecutionFilter = {
        flowId,
        limit,
        children: true,
        ...(state !== undefined && { states: [state].flat() }),
        ...(before !== undefined && (isTime(before) ? { before: new Date(before) } : { beforeId: before })),
      };
      if (namespace !== undefined) requireNamespace(caller, namespace);
      const places = namespace !== undefined ? [namespace] : (caller.namespaces ?? [undefined]);
      const found = await Promise.all(
        places.map((place) => executions.list({ ...filter, namespace: place })),
      );
      const newest = found
        .flat()
        .sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? 1 : -1))
        .slice(0, limit);
      return context.json({ executions: newest.map(documentOf) });
    },
  );

  app.openapi(
    createRoute({
      method: 'get',
      path: `${base}/executions/{id}`,
      tags,
      summary: 'One execution with its task runs',
      ...needs('read'),
      request: { params: idParams },
      responses: answers(200, 'The execution', executionDocument),
    }),
    async (context) => {
      const record = await readExecution(context, services, context.req.valid('param').id);
      return context.json(documentOf(record));
    },
  );

  app.openapi(
    createRoute({
      method: 'get',
      path: `${base}/executions/{id}/plans`,
      tags,
      summary: 'What the tasks of an execution planned',
      ...needs('read'),
      request: { params: idParams },
      responses: answers(200, 'The plans', executionPlans),
    }),
    async (context) => {
      const { id } = await readExecution(context, services, context.req.valid('param').id);
      return context.json({ plans: await executions.plans(id) });
    },
  );

  app.openapi(
    createRoute({
      method: 'delete',
      path: `${base}/executions/{id}/kill`,
      tags,
      summary: 'Cancel an execution: it stops at the next safe point',
      ...needs('run'),
      request: { params: idParams },
      responses: answers(202, 'It is told to stop'),
    }),
    async (context) => {
      const record = await readExecution(context, services, context.req.valid('param').id);
      if (record.endedAt !== null) throw notNow(record, 'cancelled');
      await queue.cancel(record.id);
      return context.body(null, 202);
    },
  );

  app.openapi(
    createRoute({
      method: 'post',
      path: `${base}/executions/{id}/resume`,
      tags,
      summary: 'Let a paused execution go on',
      ...needs('run'),
      request: { params: idParams, body: { content: jsonBody(startBody).content } },
      responses: answers(202, 'It goes on'),
    }),
    async (context) => {
      const record = await readExecution(context, services, context.req.valid('param').id);
      const { inputs = {} } = context.req.valid('json');
      const resumed = record.state === 'PAUSED' && (await services.resume(record.id, inputs));
      if (!resumed) throw notNow(record, 'resumed');
      return context.body(null, 202);
    },
  );

  app.openapi(
    createRoute({
      method: 'post',
      path: `${base}/executions/{id}/replay`,
      tags,
      summary: 'Run the flow as it is now again, with the inputs of this execution',
      ...needs('run'),
      request: { params: idParams },
      responses: answers(201, 'The new execution', startedExecution),
    }),
    async (context) => {
      const record = await readExecution(context, services, context.req.valid('param').id);
      const flow = await readStartable(services, record.namespace, record.flowId);
      const started = await startRun({
        flow,
        inputs: record.inputs,
        trigger: { ...record.trigger, type: 'replay', id: record.id },
      });
      return context.json(toldStart(started), 201);
    },
  );

  app.openapi(
    createRoute({
      method: 'post',
      path: `${base}/executions/{namespace}/{id}`,
      tags,
      summary: 'Start a flow',
      ...needs('run'),
      request: { params: flowParams, body: { content: jsonBody(startBody).content } },
      responses: answers(201, 'The execution that was queued', startedExecution),
    }),
    async (context) => {
      const { namespace, id } = context.req.valid('param');
      requireNamespace(context.get('caller'), namespace);
      const { inputs = {} } = context.req.valid('json');
      const flow = await readStartable(services, namespace, id);
      refuseInputs(flow, inputs);
      const started = await startRun({ flow, inputs, trigger: { type: 'api', variables: {} } });
      return context.json(toldStart(started), 201);
    },
  );
}

/**
 * The execution of that id, for a caller whose namespaces have it; to others it is not there.
 * @throws ExecutionNotFoundError, NamespaceNotAllowedError
 */
export async function readExecution(
  context: Context<ServerEnv>,
  { executions }: Pick<ServerServices, 'executions'>,
  id: string,
): Promise<ExecutionRecord> {
  const record = await executions.get(id);
  if (record === null) throw new ExecutionNotFoundError(`There is no execution ${id}.`);
  requireNamespace(context.get('caller'), record.namespace);
  return record;
}

/**
 * A stored flow that this engine can run.
 * @throws FlowNotFoundError, UnknownTaskTypeError
 */
export async function readRunnable(
  { catalog }: Pick<ServerServices, 'catalog'>,
  namespace: string,
  id: string,
): Promise<StoredFlow> {
  // It may have been written by another process a moment ago.
  await catalog.refresh();
  const flow = catalog.get(namespace, id);
  if (flow === null) {
    throw new FlowNotFoundError(`There is no valid flow ${namespace}.${id}.`, {
      hint: 'The list of flows says which are stored, and what is wrong with those that are not valid.',
    });
  }
  if (flow.unknownTypes.length > 0) {
    throw new UnknownTaskTypeError(
      `The flow ${namespace}.${id} has tasks that this engine does not have: ${flow.unknownTypes.join(', ')}.`,
      { hint: 'GET "flows" lists with each flow the task types that this engine lacks.' },
    );
  }
  return flow;
}

/**
 * A flow that may be started: not one that somebody disabled.
 * @throws FlowNotFoundError, UnknownTaskTypeError, ConflictError
 */
export async function readStartable(
  services: Pick<ServerServices, 'catalog'>,
  namespace: string,
  id: string,
): Promise<StoredFlow> {
  const flow = await readRunnable(services, namespace, id);
  if (flow.definition.disabled !== true) return flow;
  throw new ConflictError(`The flow ${namespace}.${id} is disabled.`, {
    hint: 'Take "disabled: true" out of it to start it.',
  });
}

/** What became of a wish to start a run. */
export function toldStart({ executionId, started, reason }: StartedRun) {
  return { id: reason === undefined ? executionId : null, started, reason: reason ?? null };
}

export function documentOf({ checkpoint, ...record }: ExecutionRecord) {
  return {
    ...record,
    error: record.error === null ? null : forApi(record.error),
    taskRuns: record.taskRuns.map((run) => (run.error === null ? run : { ...run, error: forApi(run.error) })),
    // One that was cancelled there waits no more.
    waiting: record.state === 'PAUSED' ? (checkpoint?.waiting ?? null) : null,
    createdAt: record.createdAt.toISOString(),
    startedAt: record.startedAt?.toISOString() ?? null,
    endedAt: record.endedAt?.toISOString() ?? null,
  };
}

function isTime(text: string): boolean {
  return z.iso.datetime().safeParse(text).success;
}

function notNow({ id, state }: ExecutionRecord, what: string): ConflictError {
  return new ConflictError(`The execution ${id} is ${state} and cannot be ${what}.`);
}
