import * as z from 'zod';
import { apiProblem } from '../../schemas/api.js';
import type { ServerApp } from './services.js';

const description = `Flows, namespace files, executions, plans, syncs and secrets of one flowgit server.
Requests carry "Authorization: Bearer TOKEN", unless no token was made yet. Failures are { code, message, hint, retryable }.`;

/** The description of the API, as OpenAPI 3.1, from the schemas that requests are checked with. */
export function describeApi(app: ServerApp, version: string): object {
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' });
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'flowgit', version, description },
  });
  const { $schema: _, ...problem } = z.toJSONSchema(apiProblem);
  return {
    ...document,
    paths: withProblems(document.paths ?? {}),
    components: {
      ...document.components,
      schemas: { ...document.components?.schemas, Problem: problem },
    },
  };
}

type Paths = Record<string, Record<string, unknown>>;

/** Every operation may fail in one and the same form. */
function withProblems(paths: object): Paths {
  const failure = {
    description: 'A failure',
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
  return Object.fromEntries(
    Object.entries(paths as Paths).map(([path, operations]) => [
      path,
      Object.fromEntries(
        Object.entries(operations).map(([method, operation]) => {
          const { responses, ...rest } = operation as { responses: object };
          return [method, { ...rest, responses: { ...responses, default: failure } }];
        }),
      ),
    ]),
  );
}
