import { createRoute } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { flowDocument } from '../../../../schemas/api.js';
import { identifier, namespaceName, type ResourceKey } from '../../../../schemas/resources.js';
import {
  DuplicateFlowError,
  InvalidFlowError,
  InvalidRequestError,
  StorageConflictError,
} from '../../../errors.js';
import { inspectFlow } from '../../../resources/flow.js';
import { applyChange } from '../../http/apply-change.js';
import { checkPreconditions, etagOf } from '../../http/etag.js';
import type { ServerApp, ServerEnv, ServerServices } from '../../services.js';
import { requireNamespace } from '../../tokens/authenticate.js';
import { answers, base, flowParams, needs, params, preconditions, yamlBody } from '../endpoint.js';
import { documentOf, keyOf, readFlow, readSource } from './flow-document.js';

const tags = ['flows'];

/** Creates, replaces and deletes flows, each with the version that was read. */
export function flowWritingRoutes(app: ServerApp, services: ServerServices): void {
  const { storage, catalog } = services;
  const write = async (context: Context<ServerEnv>, key: ResourceKey, source: string, oid: string | null) => {
    refuseInvalid(source, services);
    const change = { action: 'put', key, content: Buffer.from(source), expectedOid: oid } as const;
    await applyChange(context, storage, change);
    await catalog.refresh();
    const stored = await readFlow(services, key);
    context.header('ETag', etagOf(stored.oid));
    return documentOf(stored, services);
  };

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
      if (present) throw thereAlready(key);
      const written = await write(context, key, source, null).catch((error: unknown) => {
        throw error instanceof StorageConflictError ? thereAlready(key) : error;
      });
      return context.json(written, 201);
    },
  );

  app.openapi(
    createRoute({
      method: 'put',
      path: `${base}/flows/{namespace}/{id}`,
      tags,
      summary: 'Replace a flow; with If-Match only what was read',
      ...needs('write'),
      request: { params: flowParams, headers: preconditions, body: yamlBody },
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
      request: { params: flowParams, headers: preconditions },
      responses: answers(204, 'It is gone'),
    }),
    async (context) => {
      const key = keyOf(context.req.valid('param'));
      requireNamespace(context.get('caller'), key.namespace);
      const { oid } = await readFlow(services, key);
      checkPreconditions(context, oid);
      await applyChange(context, storage, { action: 'delete', key, expectedOid: oid });
      await catalog.refresh();
      return context.body(null, 204);
    },
  );
}

function thereAlready({ namespace, id }: ResourceKey): DuplicateFlowError {
  return new DuplicateFlowError(`The flow ${namespace}.${id} is there already.`, {
    hint: 'Replace it with PUT.',
  });
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
