import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import { LimitExceededError } from '../../errors.js';

const mebibyte = 1024 * 1024;

/** Flows and requests in JSON; namespace files have a limit of their own. */
const maxBytes = 4 * mebibyte;
const maxFileBytes = 100 * mebibyte;

/** Bounds the body of every request, before anything reads it. */
export function limitBodies(): MiddlewareHandler {
  const others = bodyLimit({ maxSize: maxBytes, onError: tooLarge(maxBytes) });
  const files = bodyLimit({ maxSize: maxFileBytes, onError: tooLarge(maxFileBytes) });
  return (context, next) => {
    const isFile = context.req.method === 'PUT' && context.req.path.endsWith('/files');
    return (isFile ? files : others)(context, next);
  };
}

/** Bodies are taken as they are: nothing here inflates what somebody made small. */
export const refuseEncoded: MiddlewareHandler = (context, next) => {
  const encoding = context.req.header('Content-Encoding') ?? 'identity';
  if (encoding.trim().toLowerCase() === 'identity') return next();
  context.header('Accept-Encoding', 'identity');
  throw new HTTPException(415, { message: 'A body with "Content-Encoding" is not taken' });
};

export function tooLarge(limit: number): () => never {
  return () => {
    throw new LimitExceededError(`The body is larger than ${limit} bytes.`);
  };
}
