import { createRoute } from '@hono/zod-openapi';
import * as z from 'zod';
import { flowDocument, flowFinding, flowList, revisionList } from '../../../../schemas/api.js';
import { namespaceName } from '../../../../schemas/resources.js';
import { triggersOf } from '../../../triggers/triggers-of.js';
import type { StoredFlow } from '../../../triggers/types.js';
import { etagOf } from '../../http/etag.js';
import type { ServerApp, ServerServices } from '../../services.js';
import { isAllowed, requireNamespace } from '../../tokens/authenticate.js';
import { answers, base, flowParams, namespaceParams, needs, params, yamlBody } from '../endpoint.js';
import {
  documentOf,
  keyOf,
  noFlow,
  readFlow,
  readRevision,
  readSource,
  withoutHistory,
} from './flow-document.js';

const tags = ['flows'];
/** As many as the database counts. */
const maxRevision = 2 ** 31 - 1;
const listQuery = z.object({
  namespace: namespaceName.optional().describe('This namespace and those below it.'),
});

/** Flows as they are stored, their revisions, and what is wrong with one that is not stored. */
export function flowReadingRoutes(app: ServerApp, services: ServerServices): void {
  const { storage, catalog, checkFlow } = services;

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
        query: z.object({ revision: z.coerce.number().int().min(1).max(maxRevision).optional() }),
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
      return context.json(documentOf(stored, services));
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
}

function summaryOf(flow: StoredFlow) {
  const { namespace, id, revision, definition, unknownTypes } = flow;
  const disabled = definition.disabled === true;
  return { namespace, id, revision, disabled, unknownTypes, idleTriggers: triggersOf(flow).idle };
}
