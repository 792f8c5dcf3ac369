import { resolve } from 'node:path';
import { UnsupportedError } from '../../errors.js';
import type { Database, DatabaseOptions } from './database.js';
import { parseServerUrl } from './server-url.js';
import { takeTenant } from './tenant.js';

/**
 * Opens the database that `postgres://…` or `pglite:DIR` names, and tells the tenant its URL asks for. What serves one
 * kind is not loaded for the other.
 * @throws UnsupportedError, StorageLockedError, AuthenticationFailedError, NetworkError, StorageError
 */
export async function openDatabase(
  url: string,
  { cwd = '.', ...options }: DatabaseOptions & { cwd?: string } = {},
): Promise<{ database: Database; tenant: string }> {
  if (!url.startsWith('pglite:')) {
    const server = parseServerUrl(url);
    const { openServer } = await import('./server.js');
    return { database: await openServer(server, options), tenant: server.tenant };
  }
  const [, path = '', query = ''] = /^pglite:(.*?)(?:\?(tenant=[^?]*))?$/s.exec(url) ?? [];
  if (path === '') {
    throw new UnsupportedError('The storage URL "pglite:" names no directory.', {
      hint: 'Write "pglite:DIR", for example "pglite:./flowgit-data".',
    });
  }
  const tenant = takeTenant(new URLSearchParams(query));
  const { openPglite } = await import('./pglite.js');
  return { database: await openPglite(resolve(cwd, path), options), tenant };
}
