import type { Context } from 'hono';
import { PreconditionFailedError } from '../../errors.js';

/** The blob id of a content as its ETag. */
export function etagOf(oid: string): string {
  return `"${oid}"`;
}

/**
 * Holds a write to `If-Match` and `If-None-Match`.
 * @param oid of what is stored now, null when nothing is
 * @throws PreconditionFailedError
 */
export function checkPreconditions(context: Context, oid: string | null): void {
  const wanted = tagsOf(context.req.header('if-match'));
  const refused = tagsOf(context.req.header('if-none-match'));
  if (wanted !== null && !holds(wanted, oid)) {
    throw new PreconditionFailedError('It was changed in the meantime. Nothing was written.', {
      hint: 'Read it again and apply the change to what is there now.',
    });
  }
  if (refused !== null && holds(refused, oid)) {
    throw new PreconditionFailedError('It is there already. Nothing was written.', {
      hint: 'Send "If-Match" with its ETag to replace it.',
    });
  }
}

function tagsOf(header: string | undefined): string[] | null {
  return header === undefined ? null : header.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
}

function holds(tags: readonly string[], oid: string | null): boolean {
  return oid !== null && (tags.includes('*') || tags.includes(etagOf(oid)));
}
