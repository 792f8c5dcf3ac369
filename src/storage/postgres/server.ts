import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Database, DatabaseOptions } from './database.js';
import { explainFailure } from './failures.js';
import { migrate } from './migrate.js';
import type { ServerUrl } from './server-url.js';

const maxConnections = 10;
const connectTimeoutMs = 10_000;

/**
 * Connects to a PostgreSQL server and brings its schema up to date.
 * @throws AuthenticationFailedError, NetworkError, StorageError, UnsupportedError
 */
export async function openServer(
  { connection, location }: Pick<ServerUrl, 'connection' | 'location'>,
  { lockTimeoutMs = 10_000 }: DatabaseOptions = {},
): Promise<Database> {
  const pool = await explainFailure(location, async () => {
    return new pg.Pool({
      connectionString: connection,
      application_name: 'flowgit',
      max: maxConnections,
      connectionTimeoutMillis: connectTimeoutMs,
      keepAlive: true,
      allowExitOnIdle: true,
    });
  });
  // An idle connection that breaks is replaced by the next call, which tells if that fails too.
  pool.on('error', () => {});
  // So is one that breaks between two statements of a transaction: without a listener it would end the process.
  pool.on('connect', (client) => client.on('error', () => {}));
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  let closing: Promise<void> | null = null;
  const close = (): Promise<void> => {
    closing ??= pool.end();
    return closing;
  };
  try {
    await explainFailure(location, () => migrate(db, location));
  } catch (error) {
    await close();
    throw error;
  }
  return { location, db, lockTimeoutMs, close };
}
