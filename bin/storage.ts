import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openStorage } from '../src/storage/open.js';
import type { StorageAdapter } from '../src/storage/types.js';
import type { Session } from './session.js';

/** Opens the storage of a session, hands it to `use`, and closes it whatever happens. */
export async function withStorage<T>(
  session: Session,
  use: (storage: StorageAdapter) => Promise<T>,
): Promise<T> {
  const storage = await openStorage(absoluteUrl(session.settings.storage, session.io.cwd));
  try {
    return await use(storage);
  } finally {
    await storage.close?.();
  }
}

/** The directory of a `file:` storage; null for the others. */
export function storageDirectory(url: string, cwd: string): string | null {
  if (/^file:\/\//i.test(url)) return fileURLToPath(url);
  const path = /^file:(.+)$/i.exec(url)?.[1];
  return path === undefined ? null : resolve(cwd, path);
}

/** A storage in a relative directory is relative to where the command runs. */
function absoluteUrl(url: string, cwd: string): string {
  const [, scheme, path] = /^(file|pglite):(?!\/)(.+)$/i.exec(url) ?? [];
  return scheme === undefined || path === undefined ? url : `${scheme}:${resolve(cwd, path)}`;
}
