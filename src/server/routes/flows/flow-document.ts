import type { Context } from 'hono';
import type { ResourceKey } from '../../../../schemas/resources.js';
import { FlowNotFoundError, InvalidRequestError, UnsupportedError } from '../../../errors.js';
import type { StoredContent } from '../../../storage/types.js';
import type { ServerServices } from '../../services.js';

/** A stored flow as the API tells it, with what is wrong with it. */
export function documentOf(stored: StoredContent, { checkFlow }: Pick<ServerServices, 'checkFlow'>) {
  const source = Buffer.from(stored.content).toString();
  const { namespace, id } = stored.key;
  return { namespace, id, revision: stored.revision, oid: stored.oid, source, problems: checkFlow(source) };
}

/** @throws FlowNotFoundError */
export async function readFlow({ storage }: ServerServices, key: ResourceKey): Promise<StoredContent> {
  const [stored = null] = await storage.read([key]);
  if (stored === null) throw noFlow(key);
  return stored;
}

/** @throws FlowNotFoundError, UnsupportedError */
export async function readRevision({ storage }: ServerServices, key: ResourceKey, revision: number) {
  if (storage.readRevision === undefined) throw withoutHistory(storage.location);
  const stored = await storage.readRevision(key, revision);
  if (stored === null) {
    throw new FlowNotFoundError(
      `The flow ${key.namespace}.${key.id} has no content at revision ${revision}.`,
    );
  }
  return stored;
}

/**
 * The YAML in a request.
 * @throws InvalidRequestError
 */
export async function readSource(context: Context): Promise<string> {
  const bytes = await context.req.arrayBuffer();
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new InvalidRequestError('The body is not UTF-8 text.', { hint: 'Send the YAML of a flow.' });
  }
}

export function keyOf({ namespace, id }: { namespace: string; id: string }): ResourceKey {
  return { kind: 'flow', namespace, id };
}

export function noFlow({ namespace, id }: ResourceKey): FlowNotFoundError {
  return new FlowNotFoundError(`There is no flow ${namespace}.${id}.`);
}

export function withoutHistory(location: string): UnsupportedError {
  return new UnsupportedError(`The storage ${location} keeps no former revisions.`, {
    hint: 'PostgreSQL and "pglite:" do.',
  });
}
