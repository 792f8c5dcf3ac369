import { type Kysely, sql } from 'kysely';
import type { ResourceKey } from '../../../schemas/resources.js';
import { conflictError, type EffectiveChange } from '../batch.js';
import { ancestorsOf, judgeTree } from '../file-tree.js';

/**
 * The `dir/` entries that the batch's files end, as further changes. The namespaces are locked against other files.
 * @throws StorageConflictError when the files could not lie in one tree
 */
export async function settleFileTree(
  tx: Kysely<unknown>,
  tenant: string,
  effective: readonly EffectiveChange[],
  location: string,
): Promise<EffectiveChange[]> {
  const further: EffectiveChange[] = [];
  const clashes: ResourceKey[] = [];
  for (const [namespace, files] of filesByNamespace(effective)) {
    const added = new Set(files.filter(isAdded).map(({ change }) => change.key.id));
    if (added.size === 0) continue;
    const present = await relatives(tx, tenant, namespace, files, added);
    const ids = new Map<string, true>([...present.keys()].map((id) => [id, true]));
    for (const { change } of files) {
      if (change.action === 'delete') ids.delete(change.key.id);
      else ids.set(change.key.id, true);
    }
    const verdict = judgeTree(ids, added);
    const key = (id: string): ResourceKey => ({ kind: 'file', namespace, id });
    clashes.push(...verdict.clashes.map(key));
    for (const id of verdict.filled) {
      const before = present.get(id);
      if (before === undefined) continue;
      const change = { action: 'delete', key: key(id), expectedOid: before.oid } as const;
      further.push({ change, before, after: { oid: null, revision: before.revision + 1 } });
    }
  }
  if (clashes.length > 0) throw conflictError(location, clashes);
  return further;
}

/**
 * The files that decide whether the added ones fit: those at their own names with and without a slash, at every
 * directory above, and one below each that the batch does not delete.
 */
async function relatives(
  tx: Kysely<unknown>,
  tenant: string,
  namespace: string,
  files: readonly EffectiveChange[],
  added: ReadonlySet<string>,
): Promise<Map<string, { oid: string; revision: number }>> {
  const deleted = files.flatMap(({ change }) => (change.action === 'delete' ? [change.key.id] : []));
  const bares = new Set([...added].map((id) => (id.endsWith('/') ? id.slice(0, -1) : id)));
  const names = new Set([...bares, ...[...added].flatMap(ancestorsOf)]);
  const { rows } = await sql<{ id: string; oid: string; revision: number }>`
    select id, oid, revision from flowgit.resource
    where tenant = ${tenant} and kind = 'file' and namespace = ${namespace} and oid is not null
      and id = any(${[...names].flatMap((name) => [name, `${name}/`])}::text[])
    union
    select below.id, below.oid, below.revision from unnest(${[...bares]}::text[]) as bare (id)
    cross join lateral (
      select id, oid, revision from flowgit.resource
      where tenant = ${tenant} and kind = 'file' and namespace = ${namespace} and oid is not null
        and id > bare.id || '/' and id < bare.id || '0' and id <> all(${deleted}::text[])
      limit 1) as below`.execute(tx);
  return new Map(rows.map(({ id, oid, revision }) => [id, { oid, revision }]));
}

function filesByNamespace(effective: readonly EffectiveChange[]): Map<string, EffectiveChange[]> {
  const byNamespace = new Map<string, EffectiveChange[]>();
  for (const file of effective) {
    if (file.change.key.kind !== 'file') continue;
    const { namespace } = file.change.key;
    const files = byNamespace.get(namespace);
    if (files === undefined) byNamespace.set(namespace, [file]);
    else files.push(file);
  }
  return byNamespace;
}

function isAdded({ change, before }: EffectiveChange): boolean {
  return change.action === 'put' && (before?.oid ?? null) === null;
}
