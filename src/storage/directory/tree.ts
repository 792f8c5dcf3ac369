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
  const surroundings = new Map<string, Surroundings>();
  for (const { change } of added) {
    const { key } = change;
    const directory = parentOf(pathsOf(key)[0]);
    const around = surroundings.get(directory) ?? lookAround(disk, key, gone, parents);
    surroundings.set(directory, around);
    if (around.blocked || (around.exists && isTaken(disk, key, gone))) clashes.push(key);
    const entry = around.emptyEntry;
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
  const { hasEntries } = directories;
  return { has: (id) => ids.has(id), hasEntries, hasDirectory: (path) => directories.has(path) };
}

/** What the new entries of one directory have in common. */
interface Surroundings {
  /** A file that the batch leaves there has the name of a directory that they need. */
  blocked: boolean;
  exists: boolean;
  /** The entry of the empty directory that is the nearest existing one around them. */
  emptyEntry: ResourceKey | null;
}

function lookAround(disk: Disk, key: ResourceKey, gone: ReadonlySet<string>, parents: Parents): Surroundings {
  const { namespace } = key;
  const base = namespaceDirectory('file', namespace);
  const ancestors = ancestorsOf(key.id);
  const nearest = ancestors.findLast((id) => parents.at(`${base}/${id}`) === 'directory');
  const isEmpty = nearest !== undefined && listDirectory(disk, `${base}/${nearest}`)?.length === 0;
  return {
    blocked: ancestors.some(
      (id) => parents.at(`${base}/${id}`) === 'file' && !gone.has(formatKey({ kind: 'file', namespace, id })),
    ),
    exists: parents.at(parentOf(pathsOf(key)[0])) === 'directory',
    emptyEntry: isEmpty ? { kind: 'file', namespace, id: `${nearest}/` } : null,
  };
}

/** Whether something that the batch leaves there has the name of a new entry. */
function isTaken(disk: Disk, key: ResourceKey, gone: ReadonlySet<string>): boolean {
  const { namespace } = key;
  const stays = (id: string): boolean => !gone.has(formatKey({ kind: 'file', namespace, id }));
  const bare = key.id.endsWith('/') ? key.id.slice(0, -1) : key.id;
  const stats = statPath(disk, pathsOf(key)[0]);
  if (stats === null) return false;
  if (stats.isFile()) return stays(bare);
  const inside = [...walkFiles(disk, namespace, `${bare}/`)];
  return inside.length === 0 || inside.some((found) => stays(found.key.id));
}
