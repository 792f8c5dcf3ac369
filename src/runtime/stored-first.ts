import type { Snapshot } from '../git/types.js';
import type { StoredEntry } from '../storage/types.js';
import type { RunContext } from './context.js';
import type { ScopeListing } from './list-scope.js';

/**
 * Fetches the contents that storage does not have. On a first run these may be many, and whoever goes by a listing should
 * write soon after it.
 */
export async function fetchMissing(
  snapshot: Snapshot,
  wanted: readonly { storedOid: string }[],
  { stored }: ScopeListing,
): Promise<void> {
  // Then all of them came along with their names.
  if (stored.length === 0) return;
  const present = new Set(stored.map(({ oid }) => oid));
  const missing = wanted.filter(({ storedOid }) => !present.has(storedOid));
  await snapshot.read(missing.map(({ storedOid }) => storedOid));
}

/**
 * Reads contents of a commit: what is not at hand and storage has, under whatever key, comes from there and not from
 * the remote.
 * @param stored what storage has, by the blob ids it lists
 */
export function storedFirst(
  { storage, signal }: RunContext,
  snapshot: Snapshot,
  stored: readonly StoredEntry[],
): Pick<Snapshot, 'read'> {
  const elsewhere = async (oids: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> => {
    const wanted = new Set(oids);
    // One key of each id; what was replaced since it was listed comes back with another id.
    const keys = stored.filter(({ oid }) => wanted.delete(oid)).map(({ key }) => key);
    const found = keys.length === 0 ? [] : await storage.read(keys, { signal });
    return new Map(found.flatMap((content) => (content === null ? [] : [[content.oid, content.content]])));
  };
  return { read: (oids, options) => snapshot.read(oids, { ...options, elsewhere }) };
}
