import { createHash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import type { ResourceKey, ResourceKind } from '../../../schemas/resources.js';

/*
 * Namespaces are a tree, and so are their locks. Who writes in a namespace takes it and every namespace around it
 * shared, so that writers do not wait for each other; who must be alone in a scope takes the namespace at its top
 * exclusively, and thereby keeps out everyone who writes at or below it, also in namespaces that do not exist yet.
 *
 * All locks of a transaction are taken by one statement, in one order, before anything else: they cannot deadlock.
 */

export interface Place {
  kind: ResourceKind;
  namespace: string;
}

/** The server has room for so many locks only; a batch that needs more of a kind takes the whole kind instead. */
const maxLocksPerKind = 200;

/** Takes the locks for writing the keys, and for being alone in `alone`, until the transaction ends. */
export async function lockPlaces(
  tx: Kysely<unknown>,
  tenant: string,
  { keys, alone, timeoutMs }: { keys: readonly ResourceKey[]; alone: readonly Place[]; timeoutMs: number },
): Promise<void> {
  const locks = [...locksOf(tenant, keys, alone)].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  // A process that stops in the middle, without ending, must not keep the others out.
  await sql`
    select set_config('lock_timeout', ${`${Math.max(1, timeoutMs)}ms`}, true),
           set_config('idle_in_transaction_session_timeout', '60s', true)`.execute(tx);
  await sql`
    select case when alone then pg_advisory_xact_lock(number) else pg_advisory_xact_lock_shared(number) end
    from unnest(${locks.map(([number]) => String(number))}::bigint[], ${locks.map(([, isAlone]) => isAlone)}::boolean[])
      as wanted (number, alone)`.execute(tx);
}

/** Lock numbers, each with whether it is exclusive. */
function locksOf(tenant: string, keys: readonly Place[], alone: readonly Place[]): Map<bigint, boolean> {
  const byKind = new Map<ResourceKind, Map<string, boolean>>();
  const add = (kind: ResourceKind, namespace: string, exclusive: boolean): void => {
    const places = byKind.get(kind) ?? new Map<string, boolean>();
    byKind.set(kind, places);
    places.set(namespace, exclusive || places.get(namespace) === true);
  };
  const addAncestors = ({ kind, namespace }: Place): void => {
    for (const ancestor of withAncestors(namespace)) add(kind, ancestor, false);
  };
  keys.forEach(addAncestors);
  for (const place of alone) {
    addAncestors(place);
    add(place.kind, place.namespace, true);
  }
  const locks = new Map<bigint, boolean>();
  for (const [kind, places] of byKind) {
    const wanted = places.size > maxLocksPerKind ? new Map([['', true]]) : places;
    for (const [namespace, exclusive] of wanted) {
      const number = lockNumber(tenant, kind, namespace);
      locks.set(number, exclusive || locks.get(number) === true);
    }
  }
  return locks;
}

/** `a.b.c` → ``, `a`, `a.b`, `a.b.c`. */
function withAncestors(namespace: string): string[] {
  const all = [''];
  for (let dot = namespace.indexOf('.'); dot !== -1; dot = namespace.indexOf('.', dot + 1)) {
    all.push(namespace.slice(0, dot));
  }
  if (namespace !== '') all.push(namespace);
  return all;
}

function lockNumber(tenant: string, kind: ResourceKind, namespace: string): bigint {
  const digest = createHash('sha256').update(`flowgit\0${tenant}\0${kind}\0${namespace}`).digest();
  return digest.readBigInt64BE();
}
