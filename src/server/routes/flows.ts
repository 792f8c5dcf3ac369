import { createRoute } from '@hono/zod-openapi';
import type { Context } from 'hono';
import * as z from 'zod';
import { flowDocument, flowFinding, flowList, revisionList } from '../../../schemas/api.js';
import { identifier, namespaceName, type ResourceKey } from '../../../schemas/resources.js';
import {
  DuplicateFlowError,
  FlowNotFoundError,
  InvalidFlowError,
  InvalidRequestError,
  UnsupportedError,
} from '../../errors.js';
import { inspectFlow } from '../../resources/flow.js';
import type { StoredContent } from '../../storage/types.js';
import { triggersOf } from '../../triggers/triggers-of.js';
import type { StoredFlow } from '../../triggers/types.js';
import { checkPreconditions, etagOf } from '../http/etag.js';
import type { ServerApp, ServerEnv, ServerServices } from '../services.js';
import { isAllowed, requireNamespace } from '../tokens/authenticate.js';
import { answers, base, flowParams, namespaceParams, needs, params, yamlBody } from './endpoint.js';

const tags = ['flows'];
const listQuery = z.object({
  namespace: namespaceName.optional().describe('This namespace and those below it.'),
});

/** Flows, as their YAML: list, get, create, update, delete, validate, revisions. */
export function flowRoutes(app: ServerApp, services: ServerServices): void {
  const { storage, catalog, checkFlow } = services;
  const document = (stored: StoredContent) => {
    const source = Buffer.from(stored.content).toString();
    const { namespace, id } = stored.key;
    return { namespace, id, revision: stored.revision, oid: stored.oid, source, problems: checkFlow(source) };
  };
  const write = async (context: Context<ServerEnv>, key: ResourceKey, source: string, oid: string | null) => {
    refuseInvalid(source, services);
    const change = { action: 'put', key, content: Buffer.from(source), expectedOid: oid } as const;
    await storage.apply({ changes: [change] });
    await catalog.refresh();
    const stored = await readFlow(services, key);
    context.header('ETag', etagOf(stored.oid));
    return document(stored);
  };

  app.openapi(
    createRoute({
      method: 'get',
      path: `${base}/flows`,
      tags,
      summary: 'The flows that are stored, and those among them that cannot be run',
      ...needs('read'),
      request: { params: params(), query: listQuery },
      responses: answers(200, 'The flows', flowList),
    }),
    async (context) => {
      const { namespace } = context.req.valid('query');
      const caller = context.get('caller');
      await catalog.refresh();
      const wanted = (flow: { namespace: string }) =>
        isAllowed(caller, flow.namespace) &&
        (namespace === undefined ||
          flow.namespace === namespace ||
          flow.namespace.startsWith(`${namespace}.`));
      const flows = catalog.list().filter(wanted).map(summaryOf);
      const broken = catalog.broken().filter(wanted);
      return context.json({ flows, broken });
    },
  );

  app.openapi(
    createRoute({
      method: 'post',
      path: `${base}/flows/validate`,
      tags,
      summary: 'Check a flow without storing it',
      ...needs('read'),
      request: { params: params(), body: yamlBody },
      responses: answers(
        200,
        'What is wrong with it',
        z.object({ valid: z.boolean(), problems: z.array(flowFinding) }),
      ),
    }),
    async (context) => {
      const problems = checkFlow(await readSource(context));
      return context.json({ valid: problems.every(({ severity }) => severity !== 'error'), problems });
    },
  );

  app.openapi(
    createRoute({
      method: 'get',
      path: `${base}/flows/{namespace}`,
      tags,
      summary: 'The flows of one namespace',
      ...needs('read'),
      request: { params: namespaceParams },
      responses: answers(200, 'The flows', flowList),
    }),
    async (context) => {
      const { namespace } = context.req.valid('param');
      requireNamespace(context.get('caller'), namespace);
      await catalog.refresh();
      const own = (flow: { namespace: string }) => flow.namespace === namespace;
      const flows = catalog.list().filter(own).map(summaryOf);
      return context.json({ flows, broken: catalog.broken().filter(own) });
    },
  );

  app.openapi(
    createRoute({
      method: 'get',
      path: `${base}/flows/{namespace}/{id}`,
      tags,
      summary: 'One flow with its YAML',
      ...needs('read'),
      request: {
        params: flowParams,
        query: z.object({ revision: z.coerce.number().int().positive().optional() }),
      },
      responses: answers(200, 'The flow; its ETag is for If-Match', flowDocument),
    }),
    async (context) => {
      const key = keyOf(context.req.valid('param'));
      requireNamespace(context.get('caller'), key.namespace);
      const { revision } = context.req.valid('query');
      const stored =
        revision === undefined ? await readFlow(services, key) : await readRevision(services, key, revision);
      context.header('ETag', etagOf(stored.oid));
      return context.json(document(stored));
    },
  );

  app.openapi(
    createRoute({
      method: 'get',
      path: `${base}/flows/{namespace}/{id}/revisions`,
      tags,
      summary: 'Every revision of a flow, newest first, where the storage keeps them',
      ...needs('read'),
      request: { params: flowParams },
      responses: answers(200, 'The revisions', revisionList),
    }),
    async (context) => {
      const key = keyOf(context.req.valid('param'));
      requireNamespace(context.get('caller'), key.namespace);
      if (storage.history === undefined) throw withoutHistory(storage.location);
      const history = await storage.history(key);
      if (history.length === 0) throw noFlow(key);
      const revisions = history.map((one) => ({ ...one, madeAt: one.madeAt.toISOString() }));
      return context.json({ revisions });
    },
  );

  app.openapi(
    createRoute({
      method: 'post',
      path: `${base}/flows`,
      tags,
      summary: 'Create a flow',
      ...needs('write'),
      request: { params: params(), body: yamlBody },
      responses: answers(201, 'The flow', flowDocument),
    }),
    async (context) => {
      const source = await readSource(context);
      const key = keyIn(source, services);
      requireNamespace(context.get('caller'), key.namespace);
      const [present] = await storage.read([key]);
      if (present) {
        throw new DuplicateFlowError(`The flow ${key.namespace}.${key.id} is there already.`, {
          hint: 'Replace it with PUT.',
        });
      }
      return context.json(await write(context, key, source, null), 201);
    },
  );

  app.openapi(
    createRoute({
      method: 'put',
      path: `${base}/flows/{namespace}/{id}`,
      tags,
      summary: 'Replace a flow; with If-Match only what was read',
      ...needs('write'),
      request: { params: flowParams, body: yamlBody },
      responses: answers(200, 'The flow', flowDocument),
    }),
    async (context) => {
      const key = keyOf(context.req.valid('param'));
      requireNamespace(context.get('caller'), key.namespace);
      const source = await readSource(context);
      const own = keyIn(source, services);
      if (own.namespace !== key.namespace || own.id !== key.id) {
        throw new InvalidRequestError(
          `The flow calls itself ${own.namespace}.${own.id}, and the address ${key.namespace}.${key.id}.`,
          { hint: 'A flow is not renamed: create the new one and delete the old one.' },
        );
      }
      const { oid } = await readFlow(services, key);
      checkPreconditions(context, oid);
      return context.json(await write(context, key, source, oid));
    },
  );

  app.openapi(
    createRoute({
      method: 'delete',
      path: `${base}/flows/{namespace}/{id}`,
      tags,
      summary: 'Delete a flow',
      ...needs('write'),
      request: { params: flowParams },
      responses: answers(204, 'It is gone'),
    }),
    async (context) => {
      const key = keyOf(context.req.valid('param'));
      requireNamespace(context.get('caller'), key.namespace);
      const { oid } = await readFlow(services, key);
      checkPreconditions(context, oid);
      await storage.apply({ changes: [{ action: 'delete', key, expectedOid: oid }] });
      await catalog.refresh();
      return context.body(null, 204);
    },
  );
}

function summaryOf(flow: StoredFlow) {
  const { namespace, id, revision, definition, unknownTypes } = flow;
  const disabled = definition.disabled === true;
  return { namespace, id, revision, disabled, unknownTypes, idleTriggers: triggersOf(flow).idle };
}

async function readFlow({ storage }: ServerServices, key: ResourceKey): Promise<StoredContent> {
  const [stored = null] = await storage.read([key]);
  if (stored === null) throw noFlow(key);
  return stored;
}

async function readRevision({ storage }: ServerServices, key: ResourceKey, revision: number) {
  if (storage.readRevision === undefined) throw withoutHistory(storage.location);
  const stored = await storage.readRevision(key, revision);
  if (stored === null) {
    throw new FlowNotFoundError(
      `The flow ${key.namespace}.${key.id} has no content at revision ${revision}.`,
    );
  }
  return stored;
}

/** What the flow calls itself. */
function keyIn(source: string, services: ServerServices): ResourceKey {
  const { id, namespace } = inspectFlow(source);
  if (!identifier.safeParse(id).success || !namespaceName.safeParse(namespace).success) {
    refuseInvalid(source, services);
  }
  return keyOf({ namespace: namespace ?? '', id: id ?? '' });
}

function refuseInvalid(source: string, { checkFlow }: ServerServices): void {
  const problems = checkFlow(source).filter(({ severity }) => severity === 'error');
  const [first] = problems;
  if (first === undefined) return;
  throw new InvalidFlowError(`The flow is not valid: ${first.line}:${first.column}: ${first.message}`, {
    hint: problems.length > 1 ? `There are ${problems.length} problems.` : 'Nothing was written.',
    data: { problems },
  });
}

async function readSource(context: Context): Promise<string> {
  const bytes = await context.req.arrayBuffer();
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new InvalidRequestError('The body is not UTF-8 text.', { hint: 'Send the YAML of a flow.' });
  }
}

function keyOf({ namespace, id }: { namespace: string; id: string }): ResourceKey {
  return { kind: 'flow', namespace, id };
}

function noFlow({ namespace, id }: ResourceKey): FlowNotFoundError {
  return new FlowNotFoundError(`There is no flow ${namespace}.${id}.`);
}

function withoutHistory(location: string): UnsupportedError {
  return new UnsupportedError(`The storage ${location} keeps no former revisions.`, {
    hint: 'PostgreSQL and "pglite:" do.',
  });
}
