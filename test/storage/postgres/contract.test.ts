import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { Database } from '../../../src/storage/postgres/database.js';
import { openDatabase } from '../../../src/storage/postgres/open.js';
import { createPostgresStorage } from '../../../src/storage/postgres.js';
import { runStorageContract } from '../../../src/testing/index.js';
import { usePostgresServer } from '../../support/postgres-server.js';

const server = usePostgresServer();

/** Each case has a tenant of its own in one database. */
function runInTenants(name: string, open: () => Promise<Database>): void {
  let database: Database;
  beforeAll(async () => {
    database = await open();
  }, 120_000);
  afterAll(() => database.close());
  runStorageContract(
    name,
    async () => {
      const tenant = randomUUID();
      const openTenant = async () => ({
        ...createPostgresStorage(database, { tenant }),
        // The other cases go on with the database.
        close: async () => {},
      });
      return { storage: await openTenant(), reopen: openTenant };
    },
    { describe, it },
  );
}

describe('postgres', () => {
  runInTenants('a server', async () => {
    const { database } = await openDatabase(await server().createDatabase());
    return database;
  });
});

describe('pglite', () => {
  let root: string;
  afterAll(() => rm(root, { recursive: true }));
  runInTenants('a database in this process', async () => {
    root = await mkdtemp(join(tmpdir(), 'flowgit-pglite-'));
    const { database } = await openDatabase(`pglite:${join(root, 'data')}`);
    return database;
  });
});
