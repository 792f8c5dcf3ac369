import type { ResourceKey } from '../../schemas/resources.js';
import { onlyEmptyDirectories } from '../resources/namespace-file.js';
import { formatKey, type StoredEntry } from '../storage/types.js';
import { type ComparedChange, type DesiredResource, deletedBy } from './compare.js';

/**
 * Leaves out the entries for empty directories of git in which files of the storage's own stay: those directories are
 * there through the files.
 */
export function withoutKeptDirectories(
  changes: ComparedChange[],
  {
    desired,
    stored,
    aside,
  }: {
    desired: readonly DesiredResource[];
    /** What takes part in the sync, and what does not. */
    stored: readonly StoredEntry[];
    aside: readonly StoredEntry[];
  },
): { changes: ComparedChange[]; desired: readonly DesiredResource[] } {
  const isNew = ({ state, key }: ComparedChange) =>
    state === 'ADDED' && key.kind === 'file' && key.id.endsWith('/');
  const directories = changes.filter(isNew).map(({ key }) => key.id);
  if (directories.length === 0) return { changes, desired };
  const gone = deletedBy(changes);
  const staying = [...stored, ...aside].filter(({ key }) => !gone.has(formatKey(key)));
  const empty = new Set(onlyEmptyDirectories([...directories, ...staying.map(({ key }) => key.id)]));
  const kept = new Set(directories.filter((id) => !empty.has(id)));
  const isLeft = ({ key }: { key: ResourceKey }) => !kept.has(key.id);
  return { changes: changes.filter(isLeft), desired: desired.filter(isLeft) };
}
