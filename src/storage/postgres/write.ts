import { type Kysely, sql } from 'kysely';
import type { EffectiveChange } from '../batch.js';
import { writeBlobs, writeRecords } from './write-contents.js';

const rowsPerStatement = 10_000;

/**
 * Writes changes that were compared with what is there. Every statement takes its rows in one order, so that two
 * transactions that meet wait for each other and do not deadlock.
 * @returns false when a row is not at the revision it was compared at; the transaction must be given up then
 */
export async function writeChanges(
  tx: Kysely<unknown>,
  tenant: string,
  changes: readonly EffectiveChange[],
): Promise<boolean> {
  await writeBlobs(tx, tenant, changes);
  const sorted = [...changes].sort(byKey);
  for (let start = 0; start < sorted.length; start += rowsPerStatement) {
    const part = sorted.slice(start, start + rowsPerStatement);
    if ((await writeResources(tx, tenant, part)) !== part.length) return false;
  }
  await writeRecords(tx, tenant, sorted);
  await countChanges(tx, tenant, sorted);
  return true;
}

/** Rows and their history. A row that someone else changed since is left out, and so is its history. */
async function writeResources(
  tx: Kysely<unknown>,
  tenant: string,
  changes: readonly EffectiveChange[],
): Promise<number> {
  const { rows } = await sql<{ written: number }>`
    with written as (
      insert into flowgit.resource as present (tenant, kind, namespace, id, revision, oid, size)
      select ${tenant}, kind, namespace, id, revision, oid, size
      from unnest(${changes.map(({ change }) => change.key.kind)}::text[],
                  ${changes.map(({ change }) => change.key.namespace)}::text[],
                  ${changes.map(({ change }) => change.key.id)}::text[],
                  ${changes.map(({ after }) => after.revision)}::integer[],
                  ${changes.map(({ after }) => after.oid)}::text[],
                  ${changes.map(sizeAfter)}::integer[]) as made (kind, namespace, id, revision, oid, size)
      on conflict (tenant, kind, namespace, id) do update
        set revision = excluded.revision, oid = excluded.oid, size = excluded.size
        where present.revision = excluded.revision - 1
      returning number, kind, revision, oid, size),
    history as (
      insert into flowgit.revision (resource, revision, oid, size)
      select number, revision, oid, size from written where kind <> 'state')
    select count(*)::integer as written from written`.execute(tx);
  return rows[0]?.written ?? 0;
}

/** Last, because many transactions meet in these rows and each holds them until it ends. */
async function countChanges(
  tx: Kysely<unknown>,
  tenant: string,
  changes: readonly EffectiveChange[],
): Promise<void> {
  const shelves = new Map<string, { kind: string; namespace: string; count: number }>();
  for (const { change } of changes) {
    const { kind, namespace } = change.key;
    const shelf = shelves.get(`${kind} ${namespace}`) ?? { kind, namespace, count: 0 };
    shelf.count += 1;
    shelves.set(`${kind} ${namespace}`, shelf);
  }
  const counted = [...shelves.values()];
  await sql`
    insert into flowgit.shelf as present (tenant, kind, namespace, changes)
    select ${tenant}, kind, namespace, count
    from unnest(${counted.map(({ kind }) => kind)}::text[], ${counted.map(({ namespace }) => namespace)}::text[],
                ${counted.map(({ count }) => count)}::bigint[]) as made (kind, namespace, count)
    on conflict (tenant, kind, namespace) do update set changes = present.changes + excluded.changes`.execute(
    tx,
  );
}

function sizeAfter({ change }: EffectiveChange): number | null {
  return change.action === 'put' ? change.content.byteLength : null;
}

function byKey({ change: { key: a } }: EffectiveChange, { change: { key: b } }: EffectiveChange): number {
  return compare(a.kind, b.kind) || compare(a.namespace, b.namespace) || compare(a.id, b.id);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
