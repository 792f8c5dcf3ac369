import nodeFs from 'node:fs';
import { join } from 'node:path';
import { Kysely, PostgresDialect, type PostgresPool } from 'kysely';
import pg from 'pg';
import { StorageLockedError } from '../../errors.js';
import { absolute, type Disk } from '../directory/disk.js';
import { explainingFailures } from '../directory/failures.js';
import { acquireLock, type Lock } from '../directory/lock.js';
import type { Database, DatabaseOptions } from './database.js';
import { explainFailure } from './failures.js';
import { migrate } from './migrate.js';

/** The cluster's place below the folder, beside flowgit's own directory with the lock. */
const clusterDirectory = 'postgres';

/**
 * Opens PostgreSQL inside this process, with its files below `directory`, and keeps the folder locked until it is
 * closed: two processes on one folder would silently lose each other's data.
 * @throws StorageLockedError when another process keeps it open for longer than `lockTimeoutMs`
 */
export async function openPglite(
  directory: string,
  { lockTimeoutMs = 10_000 }: DatabaseOptions = {},
): Promise<Database> {
  const location = `pglite:${directory}`;
  const disk: Disk = { fs: nodeFs, root: directory, location };
  const lock = await explainingFailures(disk, 'open', () => lockFolder(disk, lockTimeoutMs));
  let end: () => Promise<void> = async () => {};
  let closing: Promise<void> | null = null;
  const close = (): Promise<void> => {
    closing ??= end().finally(() => lock.release());
    return closing;
  };
  try {
    const { client, stop } = await explainFailure(location, () => start(absolute(disk, clusterDirectory)));
    end = stop;
    const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: onlyOne(client) }) });
    await explainFailure(location, () => migrate(db, location));
    return { location, db, lockTimeoutMs, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** PostgreSQL inside this process that is gone when it is closed. */
export async function openTemporaryDatabase(): Promise<Database> {
  const location = 'pglite:memory';
  const { client, stop } = await explainFailure(location, () => start(null));
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: onlyOne(client) }) });
  await explainFailure(location, () => migrate(db, location));
  let closing: Promise<void> | null = null;
  const close = (): Promise<void> => {
    closing ??= stop();
    return closing;
  };
  return { location, db, lockTimeoutMs: 10_000, close };
}

async function lockFolder(disk: Disk, timeoutMs: number): Promise<Lock> {
  try {
    return await acquireLock(disk, { timeoutMs });
  } catch (error) {
    if (!(error instanceof StorageLockedError)) throw error;
    const { pid, host } = error.data;
    const known = typeof pid === 'number' && typeof host === 'string';
    const who = known ? `process ${pid} on ${host.split(' ')[0]}` : 'another process';
    throw new StorageLockedError(`${disk.location} is open in ${who}.`, {
      hint: 'One process at a time can use it: end that one, or use "postgres://…" for several. The lock of a process that has ended is taken over by itself.',
      data: error.data,
    });
  }
}

async function start(cluster: string | null): Promise<{ client: pg.Client; stop(): Promise<void> }> {
  const [{ PGlite }, { createPgConfig }] = await Promise.all([
    import('@electric-sql/pglite'),
    import('@electric-sql/pglite/node-postgres'),
  ]);
  if (cluster !== null) nodeFs.mkdirSync(join(cluster, '..'), { recursive: true });
  const pglite = await (cluster === null ? PGlite.create() : PGlite.create(cluster)).catch(
    (error: unknown) => {
      throw fromWebAssembly(error);
    },
  );
  const client = new pg.Client(createPgConfig(pglite));
  await client.connect();
  return {
    client,
    async stop() {
      await client.end();
      await pglite.close();
    },
  };
}

/** Its file system fails with what is no `Error`, and has WASI's numbers. */
function fromWebAssembly(error: unknown): unknown {
  if (error instanceof Error || typeof error !== 'object' || error === null || !('errno' in error))
    return error;
  const what = 'the files of the database cannot be made';
  const isFull = error.errno === 51;
  // What PostgreSQL says of a full disk.
  if (isFull) return Object.assign(new Error(`${what}: no space left on device`), { code: '53100' });
  return new Error(`${what}: error ${String(error.errno)} of its file system`);
}

/** A pool of the only connection there is: whoever asks waits until it is given back. */
function onlyOne(client: pg.Client): PostgresPool {
  let turn: Promise<void> = Promise.resolve();
  return {
    async connect() {
      const before = turn;
      let release = (): void => {};
      turn = new Promise((resolve) => {
        release = resolve;
      });
      await before;
      return { query: client.query.bind(client), release };
    },
    async end() {
      await turn;
    },
  };
}
