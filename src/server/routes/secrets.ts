import { createRoute } from '@hono/zod-openapi';
import * as z from 'zod';
import { secretBody, secretList } from '../../../schemas/api.js';
import { namespaceName } from '../../../schemas/resources.js';
import { UnsupportedError } from '../../errors.js';
import type { ServerApp, ServerServices } from '../services.js';
import { isAllowed, requireNamespace } from '../tokens/authenticate.js';
import { answers, base, jsonBody, namespaceParams, needs, params } from './endpoint.js';

const tags = ['secrets'];
const path = `${base}/namespaces/{namespace}/secrets`;
const secretParams = params({
  namespace: namespaceName,
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'is no name for a secret'),
});

/** Secrets: they are written, deleted and named, and nothing here can read a value back. */
export function secretRoutes(app: ServerApp, { secrets }: ServerServices): void {
  const store = () => {
    if (secrets !== null) return secrets;
    throw new UnsupportedError('The server has no key to encrypt secrets with.', {
      hint: 'Start it with FLOWGIT_SECRET_KEY; "openssl rand -base64 32" makes one.',
    });
  };

  app.openapi(
    createRoute({
      method: 'get',
      path,
      tags,
      summary: 'The names of the secrets of a namespace and of those below it',
      ...needs('read'),
      request: { params: namespaceParams },
      responses: answers(200, 'The names', secretList),
    }),
    async (context) => {
      const { namespace } = context.req.valid('param');
      const caller = context.get('caller');
      requireNamespace(caller, namespace);
      const all = await store().list();
      const below = { name: '', scopes: new Set<never>(), namespaces: [namespace] };
      return context.json({ secrets: all.filter((secret) => isAllowed(below, secret.namespace)) });
    },
  );

  app.openapi(
    createRoute({
      method: 'put',
      path: `${path}/{name}`,
      tags,
      summary: 'Store a secret, encrypted, for a namespace and those below it',
      ...needs('write'),
      request: { params: secretParams, body: jsonBody(secretBody) },
      responses: answers(204, 'It is stored'),
    }),
    async (context) => {
      const { namespace, name } = context.req.valid('param');
      requireNamespace(context.get('caller'), namespace);
      const { value } = context.req.valid('json');
      await store().put(namespace, name, value);
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      method: 'delete',
      path: `${path}/{name}`,
      tags,
      summary: 'Delete a secret',
      ...needs('write'),
      request: { params: secretParams },
      responses: answers(204, 'It is gone'),
    }),
    async (context) => {
      const { namespace, name } = context.req.valid('param');
      requireNamespace(context.get('caller'), namespace);
      await store().remove(namespace, name);
      return context.body(null, 204);
    },
  );
}
