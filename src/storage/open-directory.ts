import { resolve } from 'node:path';
import type { DirectoryStorageOptions } from './directory.js';
import type { StorageAdapter } from './types.js';

/**
 * Storage in a directory that people look at and edit: see directory/layout.ts for what lies where. The directory is
 * made by the first write. What someone changes by hand is found by the next call, as a new revision.
 */
export async function openDirectoryStorage(
  directory: string,
  options: DirectoryStorageOptions = {},
): Promise<StorageAdapter> {
  const root = resolve(directory);
  // Journal, lock and revisions are loaded for those who use them.
  const { createDirectoryStorage } = await import('./directory.js');
  return createDirectoryStorage(root, options);
}
