import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
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

export function tooLarge(limit: number): () => never {
  return () => {
    throw new LimitExceededError(`The body is larger than ${limit} bytes.`);
  };
}
