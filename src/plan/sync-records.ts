import * as z from 'zod';
import { type SyncIdentity, syncIdentity } from '../../schemas/sync-identity.js';
import type { Revision } from '../git/types.js';
import type { StorageAdapter } from '../storage/types.js';
import { loadState, openState } from './read-sync-state.js';
import type { SyncedResource, SyncState } from './sync-state.js';

/** A sync or push that storage remembers: which it is, and its state. */
export interface SyncRecord {
  identity: SyncIdentity;
  state: SyncState;
  /** Which commit its last run asked for; a branch, in records that do not say. */
  reads: Revision;
}

/** What an id tells without its record being read. */
export interface SyncName {
  id: string;
  direction: SyncIdentity['direction'];
  kind: SyncIdentity['kind'];
  /** Empty for all namespaces, and for one that is called "all". */
  namespace: string;
}

/** The identity of a sync as records have it, which may say more than this version knows. */
export const recordedIdentity = z.object(syncIdentity.shape);

/**
 * The syncs and pushes that storage remembers, by id; those that cannot be understood are left out.
 * @param wanted by what the id tells, and then by what the record does: nothing else is read
 */
export async function listSyncRecords(
  storage: StorageAdapter,
  wanted: {
    name?: (name: SyncName) => boolean;
    identity?: (identity: SyncIdentity) => boolean;
  } = {},
): Promise<SyncRecord[]> {
  const entries = await storage.list({ kind: 'state', namespace: '', children: false });
  const names = entries.flatMap(({ key }) => {
    const name = parseSyncId(key.id);
    return name !== null && (wanted.name?.(name) ?? true) ? [{ key, name }] : [];
  });
  if (names.length === 0) return [];
  const contents = await storage.read(names.map(({ key }) => key));
  const records: SyncRecord[] = [];
  for (const [index, { name }] of names.entries()) {
    const stored = contents[index] ?? null;
    const named = recordedIdentity.safeParse(openState(storage, name.id, stored).head?.sync);
    if (!named.success || wanted.identity?.(named.data) === false) continue;
    const { state, head } = await loadState(storage, name, stored);
    // It may be gone by now.
    if (head === null) continue;
    records.push({ identity: named.data, state, reads: head.reads ?? { branch: named.data.revision } });
  }
  return records;
}

/** Takes apart what `syncId` made; null for other records, such as receipts. */
export function parseSyncId(id: string): SyncName | null {
  const match = /^(sync|push)-(flow|file|dashboard)-(.+)-[0-9a-f]{12}$/.exec(id);
  if (match === null) return null;
  const [, direction = '', kind, namespace = ''] = match;
  return {
    id,
    direction: direction.toUpperCase() as SyncName['direction'],
    kind: kind as SyncName['kind'],
    namespace: namespace === 'all' ? '' : namespace,
  };
}

/**
 * What runs of the other direction, between the same directory of the same branch and the same namespace, last saw on
 * both sides, by `formatKey`. A push that follows a sync is no conflict with what that sync brought.
 */
export async function readCounterpart(
  storage: StorageAdapter,
  identity: SyncIdentity,
  onRead: (state: SyncState) => void = () => {},
): Promise<ReadonlyMap<string, readonly SyncedResource[]>> {
  const seen = new Map<string, SyncedResource[]>();
  for (const { state } of await listCounterparts(storage, identity, onRead))
    for (const [name, resource] of state.byKey) seen.set(name, [...(seen.get(name) ?? []), resource]);
  return seen;
}

/**
 * The records of the runs that `readCounterpart` speaks of.
 * @param onRead told of every state that was read to find them
 */
export async function listCounterparts(
  storage: StorageAdapter,
  { direction, kind, url, revision, directory, namespace }: SyncIdentity,
  onRead: (state: SyncState) => void = () => {},
): Promise<SyncRecord[]> {
  const named = namespace === 'all' ? '' : namespace;
  const records = await listSyncRecords(storage, {
    name: (name) => name.direction !== direction && name.kind === kind && name.namespace === named,
    identity: (other) => other.namespace === namespace,
  });
  for (const { state } of records) onRead(state);
  return records.filter(
    ({ identity: other }) =>
      other.url === url && other.revision === revision && other.directory === directory,
  );
}

/** Whether two scopes of namespaces have one in common. */
export function overlaps(
  a: { namespace: string; children: boolean },
  b: { namespace: string; children: boolean },
): boolean {
  const within = (scope: typeof a, namespace: string) =>
    scope.namespace === namespace ||
    (scope.children && (scope.namespace === '' || namespace.startsWith(`${scope.namespace}.`)));
  return within(a, b.namespace) || within(b, a.namespace);
}
