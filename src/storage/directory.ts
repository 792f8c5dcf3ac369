import nodeFs from 'node:fs';
import { checkBatch, throwIfCancelled } from './batch.js';
import { DirectoryAccess } from './directory/access.js';
import { applyToDirectory } from './directory/apply.js';
import { applyAtVersion } from './directory/apply-at.js';
import type { DirectoryFs, Disk } from './directory/disk.js';
import { explainingFailures } from './directory/failures.js';
import { Ledger } from './directory/ledger.js';
import { lookAtContents, lookAtScope, tokenOf } from './directory/scan.js';
import { checkKey, checkScope } from './keys.js';
import type { Scope, StorageAdapter, StorageCallOptions, StoredEntry } from './types.js';

export interface DirectoryStorageOptions {
  /** How long to wait for another writer. */
  lockTimeoutMs?: number;
  /** The file system's calls, for tests that fail them. */
  fs?: DirectoryFs;
}

/**
 * Storage in a directory; `openDirectoryStorage` is the way to it.
 * @param root absolute
 */
export function createDirectoryStorage(
  root: string,
  { lockTimeoutMs = 10_000, fs = nodeFs }: DirectoryStorageOptions,
): StorageAdapter {
  const location = `file:${root}`;
  const disk: Disk = { fs, root, location };
  const access = new DirectoryAccess(disk, new Ledger(disk), lockTimeoutMs);

  const list = async (scope: Scope, options?: StorageCallOptions): Promise<StoredEntry[]> => {
    throwIfCancelled(options, location);
    checkScope(scope);
    return explainingFailures(disk, 'list', () =>
      access.look((revisions) => lookAtScope(disk, revisions, scope, options), options),
    );
  };

  return {
    location,
    list,

    async read(keys, options) {
      throwIfCancelled(options, location);
      for (const key of keys) checkKey(key);
      return explainingFailures(disk, 'read', () =>
        access.look((revisions) => lookAtContents(disk, revisions, keys, options), options),
      );
    },

    async apply(batch, options) {
      throwIfCancelled(options, location);
      checkBatch(batch);
      if (batch.changes.length === 0) return [];
      return explainingFailures(disk, 'write', () =>
        access.write(async (ledger) => (await applyToDirectory(disk, ledger, batch)).applied, options),
      );
    },

    async applyAt(batch, at, options) {
      throwIfCancelled(options, location);
      checkScope(at.scope);
      checkBatch(batch);
      return explainingFailures(disk, 'write', () =>
        access.write((ledger) => applyAtVersion(disk, ledger, batch, at, options), options),
      );
    },

    async version(scope, options) {
      return tokenOf(await list(scope, options));
    },

    async close() {},
  };
}
