import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UnsupportedError } from '../errors.js';
import { createMemoryStorage } from './memory.js';
import { openDirectoryStorage } from './open-directory.js';
import type { StorageAdapter } from './types.js';

export interface OpenStorageOptions {
  /** What a relative directory is relative to; the process's own by default. */
  cwd?: string;
  /** How long to wait for another writer. */
  lockTimeoutMs?: number;
}

const planned = ['kestra+http', 'kestra+https'];
const hint =
  'Storage URLs are "memory:", "file:DIR" (for example "file:./flowgit-data"), "pglite:DIR" and "postgres://user:password@host/database".';

/**
 * Opens the storage a URL names: `memory:`; a directory as `file:DIR` (`file:./data`, `file:/srv/data`,
 * `file:///srv/data`, of which only the last is percent-decoded); PostgreSQL inside this process as `pglite:DIR`, or on
 * a server as `postgres://…`, both with an optional `?tenant=…`. Messages name at most a known scheme, because a URL
 * may hold a password.
 * @throws UnsupportedError
 */
export async function openStorage(url: string, options: OpenStorageOptions = {}): Promise<StorageAdapter> {
  const { cwd = '.', ...further } = options;
  switch (schemeOf(url)) {
    case 'memory':
      if (url === 'memory:') return createMemoryStorage();
      break;
    case 'file':
      return openDirectoryStorage(resolve(cwd, directoryOf(url)), further);
    case 'pglite':
    case 'postgres':
    case 'postgresql': {
      // The driver and the database are loaded for those who use them.
      const { openPostgresStorage } = await import('./postgres.js');
      return openPostgresStorage(url, options);
    }
  }
  throw unsupportedError(url);
}

function schemeOf(url: string): string {
  return url.slice(0, Math.max(0, url.indexOf(':')));
}

function directoryOf(url: string): string {
  const path = url.slice('file:'.length);
  if (path === '') throw new UnsupportedError('The storage URL "file:" names no directory.', { hint });
  if (!path.startsWith('//')) return path;
  try {
    const parsed = new URL(url);
    if (parsed.hostname !== '') throw new Error('A directory on another host cannot be opened.');
    return fileURLToPath(parsed);
  } catch (cause) {
    throw new UnsupportedError('The storage URL is not a file URL of this machine.', { hint, cause });
  }
}

function unsupportedError(url: string): UnsupportedError {
  const scheme = planned.find((name) => url.startsWith(`${name}:`));
  const what = scheme === undefined ? 'This storage URL' : `Storage at "${scheme}:"`;
  return new UnsupportedError(`${what} is not supported.`, { hint });
}
