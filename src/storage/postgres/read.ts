import { type Kysely, sql } from 'kysely';
import type { ResourceKey } from '../../../schemas/resources.js';
import type { Scope, StoredContent, StoredEntry } from '../types.js';
import { inScopeSql } from './scope.js';

/** More keys than this are read by several statements. */
const keysPerStatement = 5000;

/** What is in a scope, without contents. */
export async function listScope(db: Kysely<unknown>, tenant: string, scope: Scope): Promise<StoredEntry[]> {
  const { rows } = await sql<{
    namespace: string;
    id: string;
    oid: string;
    revision: number;
    size: number;
  }>`select namespace, id, oid, revision, size from flowgit.resource
     where ${inScopeSql(tenant, scope)} and oid is not null
     order by namespace, id`.execute(db);
  const entries = rows.map(({ namespace, id, oid, revision, size }): StoredEntry => {
    return { key: { kind: scope.kind, namespace, id }, oid, revision, size };
  });
  // The database orders by bytes, which differs from code units beyond the Basic Multilingual Plane.
  return entries.sort((a, b) => compare(a.key.namespace, b.key.namespace) || compare(a.key.id, b.key.id));
}

/** The contents of the keys, in their order; `null` for what is absent. */
export async function readKeys(
  db: Kysely<unknown>,
  tenant: string,
  keys: readonly ResourceKey[],
): Promise<(StoredContent | null)[]> {
  const contents: (StoredContent | null)[] = keys.map(() => null);
  for (let start = 0; start < keys.length; start += keysPerStatement) {
    const part = keys.slice(start, start + keysPerStatement);
    const { rows } = await sql<{
      position: number;
      oid: string;
      revision: number;
      size: number;
      content: Buffer;
    }>`select wanted.position::integer as position, resource.oid, resource.revision, resource.size,
              coalesce(blob.content, record.content) as content
       from unnest(${part.map(({ kind }) => kind)}::text[], ${part.map(({ namespace }) => namespace)}::text[],
                   ${part.map(({ id }) => id)}::text[]) with ordinality as wanted (kind, namespace, id, position)
       join flowgit.resource on resource.tenant = ${tenant} and resource.kind = wanted.kind
        and resource.namespace = wanted.namespace and resource.id = wanted.id and resource.oid is not null
       left join flowgit.blob on wanted.kind <> 'state' and blob.tenant = ${tenant} and blob.oid = resource.oid
       left join flowgit.record on wanted.kind = 'state' and record.tenant = ${tenant}
        and record.namespace = wanted.namespace and record.id = wanted.id`.execute(db);
    for (const { position, oid, revision, size, content } of rows) {
      const key = part[position - 1];
      if (key !== undefined) {
        contents[start + position - 1] = { key: { ...key }, oid, revision, size, content };
      }
    }
  }
  return contents;
}

/** Grows with every change in the scope, as seen by whoever sees the change. */
export async function scopeVersion(db: Kysely<unknown>, tenant: string, scope: Scope): Promise<string> {
  const { rows } = await sql<{ version: string }>`
    select concat(storage.id, ':',
             (select coalesce(sum(changes), 0) from flowgit.shelf where ${inScopeSql(tenant, scope)})) as version
    from flowgit.storage`.execute(db);
  const version = rows[0]?.version;
  if (version === undefined) throw new Error('The table flowgit.storage is empty.');
  return version;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
