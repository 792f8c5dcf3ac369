import { UnsupportedError } from '../errors.js';
import { createMemoryStorage } from './memory.js';
import type { StorageAdapter } from './types.js';

const supported = 'Storage URLs are "memory:" and "file:DIR".';

/**
 * Opens the storage a URL names: `memory:`.
 * Messages name at most the URL's scheme, because a URL may hold a password.
 * @throws UnsupportedError
 */
export async function openStorage(url: string): Promise<StorageAdapter> {
  if (url === 'memory:') return createMemoryStorage();
  throw new UnsupportedError('This storage URL is not supported.', { hint: supported });
}
