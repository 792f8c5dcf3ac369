import type { Kysely } from 'kysely';

/** A PostgreSQL database, on a server or in this process, with flowgit's tables in it. */
export interface Database {
  /** Where it is, without credentials, for messages. */
  readonly location: string;
  /** Statements are `sql` templates that work on whole batches; rows are typed where they are read. */
  readonly db: Kysely<unknown>;
  /** How long a writer waits for another one. */
  readonly lockTimeoutMs: number;
  /** Ends every connection. Safe to call twice. */
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** How long to wait for another writer, or for another process that has the folder of a `pglite:` open. */
  lockTimeoutMs?: number | undefined;
}
