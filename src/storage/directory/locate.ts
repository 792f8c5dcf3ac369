import type { ResourceKey } from '../../../schemas/resources.js';
import { StorageError } from '../../errors.js';
import { absolute, type Disk, linkError, listDirectory, parentOf, statPath } from './disk.js';
import { pathsOf } from './layout.js';
import type { Parents } from './parents.js';
import { stampOf } from './stamp.js';
import { type Found, twoNamesError } from './walk.js';

/** Where a resource lies, or would. */
export interface Located {
  path: string;
  found: Found | null;
}

/**
 * Finds one resource by its (checked) key.
 * @throws UnsafePathError when a symbolic link is on the way, StorageError when two files are the same resource
 */
export function locate(disk: Disk, key: ResourceKey, parents: Parents): Located {
  const paths = pathsOf(key);
  const found: Found[] = [];
  for (const path of paths) {
    if (parents.at(parentOf(path)) !== 'directory') continue;
    const stats = statPath(disk, path);
    if (stats === null) continue;
    if (stats.isSymbolicLink()) throw linkError(disk, path);
    if (key.id.endsWith('/')) {
      const empty = stats.isDirectory() && listDirectory(disk, path)?.length === 0;
      if (empty) found.push({ key, path, stamp: null });
    } else if (stats.isFile()) found.push({ key, path, stamp: stampOf(stats) });
    else if (!stats.isDirectory()) {
      throw new StorageError(`${absolute(disk, path)} is neither a file nor a directory.`);
    }
  }
  const [first, second] = found;
  if (first !== undefined && second !== undefined)
    throw twoNamesError(disk, key.kind, first.path, second.path);
  return first === undefined ? { path: paths[0], found: null } : { path: first.path, found: first };
}
