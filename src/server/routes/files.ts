import { createRoute } from '@hono/zod-openapi';
import * as z from 'zod';
import { fileEntry, fileList } from '../../../schemas/api.js';
import type { ResourceKey } from '../../../schemas/resources.js';
import { NotFoundError } from '../../errors.js';
import type { StoredContent, StoredEntry } from '../../storage/types.js';
import { applyChange } from '../http/apply-change.js';
import { checkPreconditions, etagOf } from '../http/etag.js';
import type { ServerApp, ServerServices } from '../services.js';
import { requireNamespace } from '../tokens/authenticate.js';
import { answers, base, namespaceParams, needs, preconditions } from './endpoint.js';

const tags = ['namespace files'];
const path = `${base}/namespaces/{namespace}/files`;
const filePath = z.string().min(1).describe('The path of the file, relative to its namespace.');
const bytes = z.string().describe('The bytes of the file.');

/** The files of namespaces. Their paths stand in the query, where nothing on the way rewrites them. */
export function fileRoutes(app: ServerApp, { storage }: ServerServices): void {
  const read = async (key: ResourceKey): Promise<StoredContent | null> =>
    (await storage.read([key]))[0] ?? null;
  const readExisting = async (key: ResourceKey): Promise<StoredContent> => {
    const stored = await read(key);
    if (stored !== null) return stored;
    throw new NotFoundError(`The namespace ${key.namespace} has no file ${JSON.stringify(key.id)}.`);
  };

  app.openapi(
    createRoute({
      method: 'get',
      path,
      tags,
      summary: 'The files of a namespace, or one of them with `path`',
      ...needs('read'),
      request: { params: namespaceParams, query: z.object({ path: filePath.optional() }) },
      responses: {
        ...answers(200, '', fileList),
        200: {
          description: 'The list, or with `path` the bytes of the file; its ETag is for If-Match',
          content: {
            'application/json': { schema: fileList },
            'application/octet-stream': { schema: bytes },
          },
        },
      },
    }),
    async (context) => {
      const { namespace } = context.req.valid('param');
      requireNamespace(context.get('caller'), namespace);
      const { path: id } = context.req.valid('query');
      if (id === undefined) {
        const entries = await storage.list({ kind: 'file', namespace, children: false });
        return context.json({ files: entries.map(entryOf) });
      }
      const stored = await readExisting({ kind: 'file', namespace, id });
      return context.body(Buffer.from(stored.content), 200, {
        'Content-Type': 'application/octet-stream',
        'Content-Disposition': 'attachment',
        ETag: etagOf(stored.oid),
      });
    },
  );

  app.openapi(
    createRoute({
      method: 'put',
      path,
      tags,
      summary: 'Store a file; with If-Match only over what was read, with "If-None-Match: *" only a new one',
      ...needs('write'),
      request: {
        params: namespaceParams,
        query: z.object({ path: filePath }),
        headers: preconditions,
        body: { required: true, content: { 'application/octet-stream': { schema: bytes } } },
      },
      responses: answers(200, 'The file', fileEntry),
    }),
    async (context) => {
      const { namespace } = context.req.valid('param');
      requireNamespace(context.get('caller'), namespace);
      const key = { kind: 'file', namespace, id: context.req.valid('query').path } as const;
      const present = await read(key);
      checkPreconditions(context, present?.oid ?? null);
      const content = new Uint8Array(await context.req.arrayBuffer());
      const change = { action: 'put', key, content, expectedOid: present?.oid ?? null } as const;
      await applyChange(context, storage, change);
      const stored = await readExisting(key);
      context.header('ETag', etagOf(stored.oid));
      return context.json(entryOf(stored));
    },
  );

  app.openapi(
    createRoute({
      method: 'delete',
      path,
      tags,
      summary: 'Delete a file',
      ...needs('write'),
      request: { params: namespaceParams, query: z.object({ path: filePath }), headers: preconditions },
      responses: answers(204, 'It is gone'),
    }),
    async (context) => {
      const { namespace } = context.req.valid('param');
      requireNamespace(context.get('caller'), namespace);
      const key = { kind: 'file', namespace, id: context.req.valid('query').path } as const;
      const { oid } = await readExisting(key);
      checkPreconditions(context, oid);
      await applyChange(context, storage, { action: 'delete', key, expectedOid: oid });
      return context.body(null, 204);
    },
  );
}

function entryOf({ key, size, revision, oid }: StoredEntry) {
  return { path: key.id, size, revision, oid };
}
