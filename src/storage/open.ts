import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UnsupportedError } from '../errors.js';
import { openDirectoryStorage } from './directory.js';
import { createMemoryStorage } from './memory.js';
import type { StorageAdapter } from './types.js';

export interface OpenStorageOptions {
  /** What a relative directory is relative to; the process's own by default. */
  cwd?: string;
  /** How long to wait for another writer. */
  lockTimeoutMs?: number;
}

const planned = ['pglite', 'postgres', 'postgresql', 'kestra+http', 'kestra+https'];
const hint = 'Storage URLs are "memory:" and "file:DIR", for example "file:./flowgit-data".';

/**
 * Opens the storage a URL names: `memory:`, or a directory as `file:DIR` (`file:./data`, `file:/srv/data`,
 * `file:///srv/data`). Only the last form is percent-decoded. Messages name at most a known scheme, because a URL may
 * hold a password.
 * @throws UnsupportedError
 */
export async function openStorage(url: string, options: OpenStorageOptions = {}): Promise<StorageAdapter> {
  if (url === 'memory:') return createMemoryStorage();
  if (!url.startsWith('file:')) throw unsupportedError(url);
  const { cwd = '.', ...directoryOptions } = options;
  return openDirectoryStorage(resolve(cwd, directoryOf(url)), directoryOptions);
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
