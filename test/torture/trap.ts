import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import pg from 'pg';
import type { Database } from '../../src/storage/postgres/database.js';

/** Holds whoever writes flows of a namespace in the middle of the batch. */
export interface Trap {
  /** Resolves to the id of the worker process that stands in it, for a run of the flow. */
  sprung(): Promise<number>;
  release(): Promise<void>;
}

const lock = 4711;

/** A trigger on the table of resources waits for a lock that is held here, with the batch written in part. */
export async function setTrap(
  url: string,
  { db }: Database,
  { flowId, namespace }: { flowId: string; namespace: string },
): Promise<Trap> {
  const holder = new pg.Client({ connectionString: url });
  await holder.connect();
  await holder.query(`select pg_advisory_lock(${lock})`);
  await holder.query(`
    create or replace function trap() returns trigger language plpgsql as $$
    begin
      if new.kind = 'flow' and new.namespace = '${namespace}' then
        perform pg_advisory_xact_lock_shared(${lock});
      end if;
      return new;
    end $$`);
  await holder.query(
    'create or replace trigger trap before insert or update on flowgit.resource for each row execute function trap()',
  );
  return {
    async sprung() {
      for (const deadline = Date.now() + 300_000; Date.now() < deadline; ) {
        const { rows } = await sql<{ leased_by: string }>`
          select leased_by from flowgit.run join flowgit.execution on id = execution_id
          where flow_id = ${flowId} and run.state = 'running'
            and exists (select 1 from pg_locks where locktype = 'advisory' and objid = ${lock} and not granted)`.execute(
          db,
        );
        const [, pid] = rows[0]?.leased_by.split(':') ?? [];
        if (pid !== undefined) return Number(pid);
        await delay(20);
      }
      throw new Error(`No worker has written flows of ${namespace} for five minutes.`);
    },
    release: () => holder.end(),
  };
}
