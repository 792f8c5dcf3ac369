import { createRoute } from '@hono/zod-openapi';
import * as z from 'zod';
import { apiToken, newToken } from '../../../schemas/api.js';
import type { ServerApp } from '../services.js';
import { requireNamespace } from '../tokens/authenticate.js';
import type { TokenStore } from '../tokens/token-store.js';
import { answers, base, idParams, jsonBody, needs, params } from './endpoint.js';

const tags = ['tokens'];
const path = `${base}/tokens`;

/** Tokens, for those with the scope `admin` and for no narrower set of namespaces than a new token gets. */
export function tokenRoutes(app: ServerApp, tokens: TokenStore): void {
  app.openapi(
    createRoute({
      method: 'get',
      path,
      tags,
      summary: 'The tokens, without what could be used',
      ...needs('admin'),
      request: { params: params() },
      responses: answers(200, 'The tokens', z.object({ tokens: z.array(apiToken) })),
    }),
    async (context) => {
      requireNamespace(context.get('caller'), '');
      return context.json({ tokens: await tokens.list() });
    },
  );

  app.openapi(
    createRoute({
      method: 'post',
      path,
      tags,
      summary: 'Make a token; its text is told once',
      ...needs('admin'),
      request: { params: params(), body: jsonBody(newToken) },
      responses: answers(201, 'The token', z.object({ text: z.string(), token: apiToken })),
    }),
    async (context) => {
      const wanted = context.req.valid('json');
      for (const namespace of wanted.namespaces ?? ['']) requireNamespace(context.get('caller'), namespace);
      const expiresAt = wanted.expiresAt === null ? null : new Date(wanted.expiresAt);
      return context.json(await tokens.create({ ...wanted, expiresAt }), 201);
    },
  );

  app.openapi(
    createRoute({
      method: 'delete',
      path: `${path}/{id}`,
      tags,
      summary: 'Revoke a token; it is refused from then on',
      ...needs('admin'),
      request: { params: idParams },
      responses: answers(204, 'It is gone'),
    }),
    async (context) => {
      requireNamespace(context.get('caller'), '');
      await tokens.revoke(context.req.valid('param').id);
      return context.body(null, 204);
    },
  );
}
