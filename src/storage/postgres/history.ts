import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { ResourceKey } from '../../../schemas/resources.js';
import type { StoredContent, StoredRevision } from '../types.js';

/** Every revision of a resource, newest first. */
export async function listRevisions(
  db: Kysely<unknown>,
  tenant: string,
  key: ResourceKey,
): Promise<StoredRevision[]> {
  const { rows } = await sql<StoredRevision>`
    select revision.revision, revision.oid, revision.size, revision.made_at as "madeAt"
    from flowgit.resource join flowgit.revision on revision.resource = resource.number
    where ${isResource(tenant, key)}
    order by revision.revision desc`.execute(db);
  return rows;
}

/** What a resource held at a revision. */
export async function readRevision(
  db: Kysely<unknown>,
  tenant: string,
  key: ResourceKey,
  revision: number,
): Promise<StoredContent | null> {
  const { rows } = await sql<{ oid: string; size: number; content: Buffer }>`
    select revision.oid, revision.size, blob.content
    from flowgit.resource
    join flowgit.revision on revision.resource = resource.number and revision.revision = ${revision}
    join flowgit.blob on blob.tenant = ${tenant} and blob.oid = revision.oid
    where ${isResource(tenant, key)}`.execute(db);
  const [found] = rows;
  return found === undefined ? null : { key: { ...key }, revision, ...found };
}

function isResource(tenant: string, { kind, namespace, id }: ResourceKey): RawBuilder<boolean> {
  return sql`resource.tenant = ${tenant} and resource.kind = ${kind}
    and resource.namespace = ${namespace} and resource.id = ${id}`;
}
