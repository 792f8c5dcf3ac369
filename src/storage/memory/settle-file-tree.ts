import type { ResourceKey } from '../../../schemas/resources.js';
import { conflictError, type EffectiveChange } from '../batch.js';
import { judgeAdded } from '../file-tree.js';
import { type Held, isThere, type Shelf } from './shelf.js';

/**
 * The `dir/` entries that the batch's files, which are held already, end, as further changes.
 * @throws StorageConflictError when the files cannot lie in one tree
 */
export function settleFileTree(
  effective: readonly EffectiveChange<Held>[],
  shelfOf: (key: ResourceKey) => Shelf,
  location: string,
): EffectiveChange<Held>[] {
  const further: EffectiveChange<Held>[] = [];
  const clashes: ResourceKey[] = [];
  for (const [shelf, added] of addedByShelf(effective, shelfOf)) {
    const { kind, namespace, held, directories } = shelf;
    const verdict = judgeAdded(
      {
        has: (id) => isThere(held.get(id)),
        hasEntries: directories.hasEntries,
        hasDirectory: (path) => directories.has(path),
      },
      added,
    );
    clashes.push(...verdict.clashes.map((id) => ({ kind, namespace, id })));
    for (const id of verdict.filled) {
      const before = held.get(id);
      if (before === undefined || before.oid === null) continue;
      const change = { action: 'delete', key: { kind, namespace, id }, expectedOid: before.oid } as const;
      further.push({ change, before, after: { oid: null, revision: before.revision + 1 } });
    }
  }
  if (clashes.length > 0) throw conflictError(location, clashes);
  return further;
}

/** The files that come to be, by namespace. */
function addedByShelf(
  effective: readonly EffectiveChange<Held>[],
  shelfOf: (key: ResourceKey) => Shelf,
): Map<Shelf, string[]> {
  const files = new Map<Shelf, string[]>();
  for (const { change, before } of effective) {
    if (change.key.kind !== 'file' || change.action === 'delete' || isThere(before)) continue;
    const shelf = shelfOf(change.key);
    const added = files.get(shelf);
    if (added === undefined) files.set(shelf, [change.key.id]);
    else added.push(change.key.id);
  }
  return files;
}
