import type { Kysely } from 'kysely';
import { checkBatch, throwIfCancelled } from './batch.js';
import { checkKey, checkScope } from './keys.js';
import { applyToDatabase } from './postgres/apply.js';
import type { Database } from './postgres/database.js';
import { explainFailure } from './postgres/failures.js';
import { listRevisions, readRevision } from './postgres/history.js';
import { openDatabase } from './postgres/open.js';
import { listScope, readKeys, scopeVersion } from './postgres/read.js';
import { checkTenant, defaultTenant } from './postgres/tenant.js';
import type { StorageAdapter } from './types.js';

export interface PostgresStorageOptions {
  /** Whose resources these are; tenants see nothing of each other. */
  tenant?: string;
  /** Asked in the transaction of every batch, before anything else: what it rejects with keeps the batch out. */
  guard?: ((tx: Kysely<unknown>) => Promise<void>) | undefined;
}

/**
 * Opens the storage that `postgres://…` or `pglite:DIR` names.
 * @throws UnsupportedError, StorageLockedError, AuthenticationFailedError, NetworkError, StorageError
 */
export async function openPostgresStorage(
  url: string,
  options: { cwd?: string; lockTimeoutMs?: number } = {},
): Promise<StorageAdapter> {
  const { database, tenant } = await openDatabase(url, options);
  return createPostgresStorage(database, { tenant });
}

/**
 * Storage in a PostgreSQL database: see postgres/migrations.ts for the tables. A batch is a transaction. Closing the
 * storage closes the database.
 */
export function createPostgresStorage(
  database: Database,
  { tenant = defaultTenant, guard }: PostgresStorageOptions = {},
): StorageAdapter {
  checkTenant(tenant);
  const { db } = database;
  const location = tenant === defaultTenant ? database.location : `${database.location}?tenant=${tenant}`;
  const explained = <T>(call: () => Promise<T>): Promise<T> => explainFailure(location, call);
  const placed: Database = { ...database, location };

  return {
    location,

    async list(scope, options) {
      throwIfCancelled(options, location);
      checkScope(scope);
      return explained(() => listScope(db, tenant, scope));
    },

    async read(keys, options) {
      throwIfCancelled(options, location);
      for (const key of keys) checkKey(key);
      return explained(() => readKeys(db, tenant, keys));
    },

    async apply(batch, options) {
      throwIfCancelled(options, location);
      checkBatch(batch);
      if (batch.changes.length === 0) return [];
      const { applied } = await explained(() => applyToDatabase(placed, { tenant, batch, options, guard }));
      return applied;
    },

    async version(scope, options) {
      throwIfCancelled(options, location);
      checkScope(scope);
      return explained(() => scopeVersion(db, tenant, scope));
    },

    async applyAt(batch, at, options) {
      throwIfCancelled(options, location);
      checkScope(at.scope);
      checkBatch(batch);
      return explained(() => applyToDatabase(placed, { tenant, batch, at, options, guard }));
    },

    async history(key, options) {
      throwIfCancelled(options, location);
      checkKey(key);
      return explained(() => listRevisions(db, tenant, key));
    },

    async readRevision(key, revision, options) {
      throwIfCancelled(options, location);
      checkKey(key);
      return explained(() => readRevision(db, tenant, key, revision));
    },

    close: () => database.close(),
  };
}
