import type { Context } from 'hono';
import { ConflictError, StorageConflictError } from '../../errors.js';
import type { StorageAdapter, StorageChange } from '../../storage/types.js';
import { checkPreconditions } from './etag.js';

/**
 * Writes one change that was made on what a request has read. When another request was quicker, the answer is as though
 * it had come first: 412 where the preconditions no longer hold.
 * @throws PreconditionFailedError, StorageConflictError, ConflictError
 */
export async function applyChange(
  context: Context,
  storage: StorageAdapter,
  change: StorageChange,
): Promise<void> {
  try {
    await storage.apply({ changes: [change] });
  } catch (error) {
    if (!(error instanceof StorageConflictError)) throw error;
    const { kind, namespace, id } = change.key;
    const name = `The ${kind} ${JSON.stringify(id)} of ${namespace}`;
    const [present = null] = await storage.read([change.key]);
    const oid = present?.oid ?? null;
    checkPreconditions(context, oid);
    if (oid === change.expectedOid) {
      throw new ConflictError(
        `${name} cannot be where another one is, above or below it. Nothing was written.`,
        {
          hint: 'A path is either a file or a directory: choose another, or delete what stands there.',
          cause: error,
        },
      );
    }
    throw new StorageConflictError(
      `${name} was changed by somebody else in this moment. Nothing was written.`,
      {
        hint: 'Read it again, and decide on what is there now.',
        cause: error,
      },
    );
  }
}
