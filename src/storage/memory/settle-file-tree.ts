import type { ResourceKey } from '../../../schemas/resources.js';
import { conflictError, type EffectiveChange } from '../batch.js';
import { judgeAdded } from '../file-tree.js';
import { type Held, isThere, type Shelf } from './shelf.js';

/**
 * The `dir/` entries that the batch's files, which are held already, end, as further changes.
 * @throws StorageConflictError when the files cannot lie in one tree
 */
export function settleFileTree(shelves: Iterable<Shelf>, location: string): EffectiveChange<Held>[] {
  const further: EffectiveChange<Held>[] = [];
  const clashes: ResourceKey[] = [];
  for (const shelf of shelves) {
    const { kind, namespace, held, directories, unjudged } = shelf;
    if (unjudged.length === 0) continue;
    const verdict = judgeAdded(
      {
        has: (id) => isThere(held.get(id)),
        hasEntries: directories.hasEntries,
        hasDirectory: (path) => directories.has(path),
      },
      unjudged,
    );
    shelf.unjudged = [];
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
