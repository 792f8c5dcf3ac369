import { StorageConflictError } from '../errors.js';
import type { ComparedChange } from '../plan/compare.js';
import { formatKey } from '../storage/types.js';
import type { RunContext } from './context.js';

/**
 * The contents that storage has for the changes, by blob id: as the target's present state (`before`) or as the source's
 * (`after`).
 * @throws StorageConflictError when a resource is not what it was when it was listed
 */
export async function readStored(
  context: RunContext,
  changes: readonly ComparedChange[],
  side: 'before' | 'after',
): Promise<ReadonlyMap<string, Uint8Array>> {
  const byOid = new Map<string, Uint8Array>();
  if (changes.length === 0) return byOid;
  const keys = changes.map((change) => change.key);
  const contents = await context.storage.read(keys, { signal: context.signal });
  changes.forEach((change, index) => {
    const content = contents[index] ?? null;
    if (content === null || content.oid !== change[side]) {
      throw new StorageConflictError(`${formatKey(change.key)} changed while the run was planned.`, {
        hint: 'Run it again.',
      });
    }
    byOid.set(content.oid, content.content);
  });
  return byOid;
}
