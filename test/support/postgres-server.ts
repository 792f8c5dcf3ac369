import { afterAll, beforeAll } from 'vitest';
import { type PostgresServer, startPostgresServer } from './start-postgres-server.js';

export { serverPassword } from './start-postgres-server.js';

/** Starts a server before the tests of a file and stops it after them. */
export function usePostgresServer(): () => PostgresServer {
  let server: PostgresServer | null = null;
  beforeAll(async () => {
    server = await startPostgresServer();
  }, 120_000);
  afterAll(async () => server?.stop());
  return () => {
    if (server === null) throw new Error('The server has not been started yet.');
    return server;
  };
}
