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
  const storage = await openStorage(session.settings.storage, { cwd: session.io.cwd });
  try {
    return await use(storage);
  } finally {
    await storage.close?.();
  }
}

/** The directory of a `file:` storage that has been opened; null for the others. */
export function storageDirectory(url: string, cwd: string): string | null {
  if (url.startsWith('file://')) return fileURLToPath(url);
  return url.startsWith('file:') ? resolve(cwd, url.slice('file:'.length)) : null;
}
