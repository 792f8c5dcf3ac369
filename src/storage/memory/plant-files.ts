import type { ResourceKey } from '../../../schemas/resources.js';
import { conflictError, type EffectiveChange } from '../batch.js';
import { judgeAdded } from '../file-tree.js';
import type { Shelf } from './shelf.js';

/**
 * Counts the batch's files into their directories, and returns the `dir/` entries that they end. Throws when they could
 * not lie in one tree; nothing is changed then.
 */
export function plantFiles(
  effective: readonly EffectiveChange[],
  openShelf: (key: ResourceKey) => Shelf,
  location: string,
): ResourceKey[] {
  const filled: ResourceKey[] = [];
  const clashes: ResourceKey[] = [];
  const planted = [...filesByShelf(effective, openShelf)];
  for (const [shelf, { added, deleted }] of planted) {
    const { kind, namespace, held, directories } = shelf;
    for (const id of deleted) directories.remove(id);
    for (const id of added) directories.add(id);
    const has = (id: string) => added.has(id) || ((held.get(id)?.oid ?? null) !== null && !deleted.has(id));
    const verdict = judgeAdded({ has, hasDirectory: (path) => directories.has(path) }, added);
    filled.push(...verdict.filled.map((id) => ({ kind, namespace, id })));
    clashes.push(...verdict.clashes.map((id) => ({ kind, namespace, id })));
  }
  if (clashes.length > 0) {
    for (const [{ directories }, { added, deleted }] of planted) {
      for (const id of added) directories.remove(id);
      for (const id of deleted) directories.add(id);
    }
    throw conflictError(location, clashes);
  }
  for (const key of filled) openShelf(key).directories.remove(key.id);
  return filled;
}

/** Files that come to be and that go, by namespace. */
function filesByShelf(effective: readonly EffectiveChange[], openShelf: (key: ResourceKey) => Shelf) {
  const files = new Map<Shelf, { added: Set<string>; deleted: Set<string> }>();
  for (const { change, before } of effective) {
    const { key, action } = change;
    if (key.kind !== 'file') continue;
    const shelf = openShelf(key);
    let changed = files.get(shelf);
    if (changed === undefined) {
      changed = { added: new Set(), deleted: new Set() };
      files.set(shelf, changed);
    }
    if (action === 'delete') changed.deleted.add(key.id);
    else if ((before?.oid ?? null) === null) changed.added.add(key.id);
  }
  return files;
}
