import type { Lease } from '../queue/types.js';
import type { Database } from '../storage/postgres/database.js';
import { createPostgresStorage } from '../storage/postgres.js';
import type { StorageAdapter } from '../storage/types.js';

/** The storage of an engine, and where its executions are. */
export interface EngineStorage {
  storage: StorageAdapter;
  database: Database;
  tenant: string;
  /** Both are one database: a batch and the check of a lease can be one transaction. */
  isDatabase: boolean;
}

/**
 * The storage as one run may use it: a worker that has lost its hold on the run writes nothing more, however late it
 * notices. In a database the check is part of the batch; elsewhere it comes right before, and there is one process only.
 */
export function fencedStorage(
  { storage, database, tenant, isDatabase }: EngineStorage,
  lease: Lease,
): StorageAdapter {
  if (isDatabase) {
    const guarded = createPostgresStorage(database, { tenant, guard: (tx) => lease.hold(tx) });
    return { ...guarded, close: async () => {} };
  }
  const check = () => database.db.transaction().execute((tx) => lease.hold(tx));
  return new Proxy(storage, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const call = (...args: unknown[]): unknown => Reflect.apply(value, target, args);
      if (name !== 'apply' && name !== 'applyAt') return call;
      return async (...args: unknown[]) => {
        await check();
        return call(...args);
      };
    },
  });
}
