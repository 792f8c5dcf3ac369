import { type Kysely, sql } from 'kysely';
import type { EffectiveChange } from '../batch.js';

/** A statement carries about as many bytes; a larger content has one of its own. */
const bytesPerStatement = 8 * 1024 * 1024;

/** Contents end to end, as one parameter, which the driver sends as it is; an array of them it would write out in hex. */
interface Slices<T> {
  items: { item: T; start: number; length: number }[];
  bytes: Buffer;
}

/** Contents that the tenant does not have yet, once each, in the order of their ids. */
export async function writeBlobs(
  tx: Kysely<unknown>,
  tenant: string,
  changes: readonly EffectiveChange[],
): Promise<void> {
  const contents = new Map<string, Uint8Array>();
  for (const { change, after } of changes) {
    if (change.action === 'put' && change.key.kind !== 'state' && after.oid !== null) {
      contents.set(after.oid, change.content);
    }
  }
  const sorted = [...contents].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const { items, bytes } of sliced(sorted)) {
    await sql`
      insert into flowgit.blob (tenant, oid, content)
      select ${tenant}, oid, substring(${bytes}::bytea from start for length)
      from unnest(${items.map(({ item }) => item)}::text[], ${items.map(({ start }) => start)}::integer[],
                  ${items.map(({ length }) => length)}::integer[]) as made (oid, start, length)
      on conflict do nothing`.execute(tx);
  }
}

/** The contents of state records, over the former ones. */
export async function writeRecords(
  tx: Kysely<unknown>,
  tenant: string,
  changes: readonly EffectiveChange[],
): Promise<void> {
  const states = changes.flatMap(({ change }) => (change.key.kind === 'state' ? [change] : []));
  const gone = states.filter(({ action }) => action === 'delete').map(({ key }) => key);
  if (gone.length > 0) {
    await sql`
      delete from flowgit.record
      using unnest(${gone.map(({ namespace }) => namespace)}::text[], ${gone.map(({ id }) => id)}::text[])
        as gone (namespace, id)
      where tenant = ${tenant} and record.namespace = gone.namespace and record.id = gone.id`.execute(tx);
  }
  const puts = states.flatMap((change) =>
    change.action === 'put' ? [[change.key, change.content] as const] : [],
  );
  for (const { items, bytes } of sliced(puts)) {
    await sql`
      insert into flowgit.record (tenant, namespace, id, content)
      select ${tenant}, namespace, id, substring(${bytes}::bytea from start for length)
      from unnest(${items.map(({ item }) => item.namespace)}::text[], ${items.map(({ item }) => item.id)}::text[],
                  ${items.map(({ start }) => start)}::integer[], ${items.map(({ length }) => length)}::integer[])
        as made (namespace, id, start, length)
      on conflict (tenant, namespace, id) do update set content = excluded.content`.execute(tx);
  }
}

/** Positions count from 1, as SQL's do. */
function* sliced<T>(contents: readonly (readonly [T, Uint8Array])[]): Generator<Slices<T>> {
  let items: Slices<T>['items'] = [];
  let parts: Uint8Array[] = [];
  let size = 0;
  for (const [item, content] of contents) {
    if (size > 0 && size + content.byteLength > bytesPerStatement) {
      yield { items, bytes: Buffer.concat(parts) };
      [items, parts, size] = [[], [], 0];
    }
    items.push({ item, start: size + 1, length: content.byteLength });
    parts.push(content);
    size += content.byteLength;
  }
  if (items.length > 0) yield { items, bytes: Buffer.concat(parts) };
}
