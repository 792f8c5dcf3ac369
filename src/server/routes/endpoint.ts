import type { RouteConfig } from '@hono/zod-openapi';
import * as z from 'zod';
import type { TokenScope } from '../../../schemas/api.js';
import { identifier, namespaceName } from '../../../schemas/resources.js';
import { authorize } from '../tokens/authenticate.js';

/** Where everything of one tenant stands. */
export const base = '/api/v1/{tenant}';

const tenant = z.string().describe('`main`, unless the storage says otherwise.');
const identifiers = {
  namespace: namespaceName,
  id: identifier,
};

/** The parts of an address, which have to be named as in its path. */
export function params<T extends Record<string, z.ZodType> = Record<never, never>>(shape: T = {} as T) {
  return z.object({ tenant, ...shape });
}

export const flowParams = params(identifiers);
export const namespaceParams = params({ namespace: identifiers.namespace });
/** Ids that programs gave: of executions, plans, syncs and tokens. */
const programId = z.string().regex(/^[\w.@+-]{1,250}$/, 'is no id');
export const idParams = params({ id: programId });
export const executionId = programId;

/** What a write may demand of what is stored. */
export const preconditions = z.object({
  'if-match': z.string().optional().describe('The ETag that was read: only this is replaced. Otherwise 412.'),
  'if-none-match': z.string().optional().describe('`*`: only what is not there is made. Otherwise 412.'),
});

/** What a route demands, and says of it in its description. */
export function needs(scope: TokenScope) {
  return {
    middleware: [authorize(scope)],
    security: [{ token: [] }],
    'x-scope': scope,
  };
}

/** The answers of a route: its own, and a failure of whatever kind. */
export function answers(
  status: number,
  description: string,
  schema?: z.ZodType,
  type = 'application/json',
): RouteConfig['responses'] {
  return {
    [status]: { description, ...(schema !== undefined && { content: { [type]: { schema } } }) },
    default: { description: 'A failure', content: { 'application/json': { schema: z.unknown() } } },
  };
}

export const jsonBody = <T extends z.ZodType>(schema: T) => ({
  required: true,
  content: { 'application/json': { schema } },
});

/** The YAML of a flow, as text of whatever type. */
export const yamlBody = {
  required: true,
  content: { 'application/x-yaml': { schema: z.string().describe('The YAML of a flow.') } },
} as const;
