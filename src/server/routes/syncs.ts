import { createRoute } from '@hono/zod-openapi';
import pLimit from 'p-limit';
import * as z from 'zod';
import { startedExecution, syncDocument, syncHistory, syncList } from '../../../schemas/api.js';
import { ConflictError, FlowNotFoundError, SyncNotFoundError } from '../../errors.js';
import { type KnownSync, listKnownSyncs } from '../../plan/known-syncs.js';
import { readConnections } from '../../runtime/syncs/connections.js';
import { ownedBySyncs, type SyncStatus, syncStatus } from '../../runtime/syncs/sync-status.js';
import type { ServerApp, ServerServices } from '../services.js';
import { openSuspendedSyncs, type Suspension } from '../suspended-syncs.js';
import { type Caller, isAllowed, requireNamespace } from '../tokens/authenticate.js';
import { answers, base, idParams, needs, params } from './endpoint.js';
import { readStartable, toldStart } from './executions.js';

const tags = ['syncs'];
const remotesAtOnce = 4;

const fetchQuery = z.object({
  fetch: z.enum(['true', 'false']).default('false').describe('Ask the remotes what changed there since.'),
});

/** Syncs and pushes: where each stands, what its runs did, and its switches. */
export function syncRoutes(app: ServerApp, services: ServerServices): void {
  const { storage, catalog, openContext, startRun, clock = () => new Date() } = services;
  const suspended = openSuspendedSyncs(storage, clock);

  const statusOf = async (
    selected: readonly KnownSync[],
    all: readonly KnownSync[],
    options: StatusOptions,
  ) => {
    const context = openContext(options.signal);
    const owned = ownedBySyncs(all);
    const flows = catalog.list().map(({ definition }) => definition);
    const connections = options.fetches ? await readConnections(flows, context, services.registry) : null;
    const suspensions = await suspended.list();
    const limit = pLimit(remotesAtOnce);
    const statuses = await Promise.all(
      selected.map((one) => limit(() => syncStatus(one, { context, owned, connections }))),
    );
    return statuses.map((status) => documentOf(status, suspensions.get(status.id)));
  };

  app.openapi(
    createRoute({
      method: 'get',
      path: `${base}/syncs`,
      tags,
      summary: 'Every sync and push that the storage knows of',
      ...needs('read'),
      request: { params: params(), query: fetchQuery },
      responses: answers(200, 'The syncs', syncList),
    }),
    async (context) => {
      const all = await listKnownSyncs(storage);
      const own = all.filter((sync) => isAllowed(context.get('caller'), sync.identity.namespace));
      const fetches = context.req.valid('query').fetch === 'true';
      const { signal } = context.req.raw;
      return context.json({ syncs: await statusOf(own, all, { fetches, signal }) });
    },
  );

  app.openapi(
    createRoute({
      method: 'get',
      path: `${base}/syncs/{id}`,
      tags,
      summary: 'Where one sync stands',
      ...needs('read'),
      request: { params: idParams, query: fetchQuery },
      responses: answers(200, 'The sync', syncDocument),
    }),
    async (context) => {
      const { sync, all } = await readSync(services, context.req.valid('param').id, context.get('caller'));
      const fetches = context.req.valid('query').fetch === 'true';
      const [status] = await statusOf([sync], all, { fetches, signal: context.req.raw.signal });
      return context.json(status);
    },
  );

  app.openapi(
    createRoute({
      method: 'get',
      path: `${base}/syncs/{id}/history`,
      tags,
      summary: 'What the runs of a sync did',
      ...needs('read'),
      request: { params: idParams },
      responses: answers(200, 'The runs', syncHistory),
    }),
    async (context) => {
      const { sync } = await readSync(services, context.req.valid('param').id, context.get('caller'));
      return context.json({ runs: sync.runs.toReversed() });
    },
  );

  app.openapi(
    createRoute({
      method: 'post',
      path: `${base}/syncs/{id}/suspend`,
      tags,
      summary: 'Suspend a sync: schedules and webhooks no longer start the flow that runs it',
      ...needs('write'),
      request: { params: idParams },
      responses: answers(204, 'It is suspended'),
    }),
    async (context) => {
      const { sync } = await readSync(services, context.req.valid('param').id, context.get('caller'));
      const { namespace, id } = await flowOf(services, sync, context.get('caller'));
      await suspended.suspend(sync.id, { namespace, id });
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      method: 'post',
      path: `${base}/syncs/{id}/resume`,
      tags,
      summary: 'Let a suspended sync be started again',
      ...needs('write'),
      request: { params: idParams },
      responses: answers(204, 'It is no longer suspended'),
    }),
    async (context) => {
      const caller = context.get('caller');
      const { sync } = await readSync(services, context.req.valid('param').id, caller);
      const suspension = (await suspended.list()).get(sync.id);
      // As for suspending: it is the flow that is started again.
      if (suspension !== undefined) requireNamespace(caller, suspension.flow.namespace);
      if (!(await suspended.resume(sync.id))) {
        throw new ConflictError(`The sync ${sync.id} is not suspended.`);
      }
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      method: 'post',
      path: `${base}/syncs/{id}/run`,
      tags,
      summary: 'Sync now: start the flow that ran the sync last',
      ...needs('run'),
      request: { params: idParams },
      responses: answers(201, 'The execution that was queued', startedExecution),
    }),
    async (context) => {
      const { sync } = await readSync(services, context.req.valid('param').id, context.get('caller'));
      if ((await suspended.list()).has(sync.id)) {
        throw new ConflictError(`The sync ${sync.id} is suspended.`, { hint: 'Resume it first.' });
      }
      const found = await flowOf(services, sync, context.get('caller'));
      const flow = await readStartable(services, found.namespace, found.id);
      const started = await startRun({
        flow,
        inputs: {},
        trigger: { type: 'sync', id: sync.id, variables: {} },
        coalesceKey: `sync ${sync.id}`,
      });
      return context.json(toldStart(started), 201);
    },
  );
}

interface StatusOptions {
  fetches: boolean;
  signal: AbortSignal;
}

async function readSync({ storage }: ServerServices, id: string, caller: Caller) {
  const all = await listKnownSyncs(storage);
  const sync = all.find((one) => one.id === id);
  if (sync === undefined) throw new SyncNotFoundError(`The storage knows no sync ${JSON.stringify(id)}.`);
  requireNamespace(caller, sync.identity.namespace);
  return { sync, all };
}

/** The stored flow that ran the sync last. Records name it `namespace.id`, and both may have dots. */
async function flowOf({ catalog }: ServerServices, { id, runs }: KnownSync, caller: Caller) {
  await catalog.refresh();
  const names = [...new Set(runs.toReversed().flatMap(({ flow }) => (flow === '' ? [] : [flow])))];
  const flows = catalog.list();
  for (const name of names) {
    const flow = flows.find((one) => `${one.namespace}.${one.id}` === name);
    if (flow === undefined) continue;
    requireNamespace(caller, flow.namespace);
    return flow;
  }
  throw new FlowNotFoundError(`No stored flow has run the sync ${id}.`, {
    hint: 'It was run from a file or by a program. Store the flow and run it once.',
  });
}

function documentOf(status: SyncStatus, suspension: Suspension | undefined) {
  return { ...status, suspendedAt: suspension?.at ?? null };
}
