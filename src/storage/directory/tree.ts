import type { ResourceKey } from '../../../schemas/resources.js';
import { conflictError, type EffectiveChange } from '../batch.js';
import { DirectoryCounts } from '../directory-counts.js';
import { ancestorsOf, judgeAdded, type TreeAfter } from '../file-tree.js';
import { formatKey } from '../types.js';
import { type Disk, listDirectory, parentOf, statPath } from './disk.js';
import { namespaceDirectory, pathsOf } from './layout.js';
import type { Parents } from './parents.js';
import { walkFiles } from './walk.js';

/**
 * Checks that a batch's files can lie in one tree with what stays there, and returns the `dir/` entries that end
 * because the batch puts something into the empty directory. The same rules as `judgeTree`, by looking at the disk
 * only where the batch touches it.
 * @throws StorageConflictError
 */
export function checkTree(
  disk: Disk,
  effective: readonly EffectiveChange[],
  parents: Parents,
): ResourceKey[] {
  const files = effective.filter(({ change }) => change.key.kind === 'file');
  const gone = new Set(
    files.flatMap(({ change }) => (change.action === 'delete' ? [formatKey(change.key)] : [])),
  );
  const puts = files.filter(({ change }) => change.action === 'put').map(({ change }) => change.key);
  const added = files.filter(({ before, after }) => (before?.oid ?? null) === null && after.oid !== null);
  const clashes: ResourceKey[] = clashesAmong(puts);
  const filled = new Map<string, ResourceKey>();
  const emptiness = new Map<string, boolean>();
  for (const { change } of added) {
    const { key } = change;
    if (standsInTheWay(disk, key, gone, parents)) clashes.push(key);
    const entry = emptyParentOf(disk, key, parents, emptiness);
    if (entry !== null && !gone.has(formatKey(entry))) filled.set(formatKey(entry), entry);
  }
  if (clashes.length > 0) throw conflictError(disk.location, clashes);
  return [...filled.values()];
}

function clashesAmong(puts: readonly ResourceKey[]): ResourceKey[] {
  const byNamespace = new Map<string, Set<string>>();
  for (const { namespace, id } of puts) {
    const ids = byNamespace.get(namespace);
    if (ids === undefined) byNamespace.set(namespace, new Set([id]));
    else ids.add(id);
  }
  return [...byNamespace].flatMap(([namespace, ids]) =>
    judgeAdded(treeOf(ids), ids).clashes.map((id): ResourceKey => ({ kind: 'file', namespace, id })),
  );
}

/** A tree of these alone. */
function treeOf(ids: ReadonlySet<string>): TreeAfter {
  const directories = new DirectoryCounts();
  for (const id of ids) directories.add(id);
  return { has: (id) => ids.has(id), hasDirectory: (path) => directories.has(path) };
}

/** Whether something the batch leaves there has the name of a new entry, or of a directory it needs. */
function standsInTheWay(disk: Disk, key: ResourceKey, gone: ReadonlySet<string>, parents: Parents): boolean {
  const { namespace } = key;
  const base = namespaceDirectory('file', namespace);
  const stays = (id: string): boolean => !gone.has(formatKey({ kind: 'file', namespace, id }));
  for (const id of ancestorsOf(key.id)) if (parents.at(`${base}/${id}`) === 'file' && stays(id)) return true;

  const bare = key.id.endsWith('/') ? key.id.slice(0, -1) : key.id;
  const path = pathsOf(key)[0];
  if (parents.at(parentOf(path)) !== 'directory') return false;
  const stats = statPath(disk, path);
  if (stats === null) return false;
  if (stats.isFile()) return stays(bare);
  const inside = [...walkFiles(disk, namespace, `${bare}/`)];
  return inside.length === 0 || inside.some((found) => stays(found.key.id));
}

/** The entry of the empty directory that a new file's nearest existing parent is. */
function emptyParentOf(
  disk: Disk,
  key: ResourceKey,
  parents: Parents,
  emptiness: Map<string, boolean>,
): ResourceKey | null {
  const base = namespaceDirectory('file', key.namespace);
  const nearest = ancestorsOf(key.id).findLast((id) => parents.at(`${base}/${id}`) === 'directory');
  if (nearest === undefined) return null;
  const path = `${base}/${nearest}`;
  const empty = emptiness.get(path) ?? listDirectory(disk, path)?.length === 0;
  emptiness.set(path, empty);
  return empty ? { kind: 'file', namespace: key.namespace, id: `${nearest}/` } : null;
}
