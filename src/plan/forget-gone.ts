import type { SyncIdentity } from '../../schemas/sync-identity.js';
import { KeySet } from '../resources/key-map.js';
import type { StorageAdapter, StorageChange } from '../storage/types.js';
import { type ComparedChange, deletedBy } from './compare.js';
import { recordSyncState } from './record-sync-state.js';
import { listCounterparts } from './sync-records.js';
import type { SyncedResource, SyncState } from './sync-state.js';

/** A run's changes, and what its own record says before and after them. */
export interface SettledRun {
  changes: readonly ComparedChange[];
  before: Pick<SyncState, 'byKey'>;
  after: readonly SyncedResource[];
}

/** What a run deletes, and what it finds that neither side has any more; by `formatKey`. */
export function goneAfter({ changes, before, after }: SettledRun): ReadonlySet<string> {
  const gone = deletedBy(changes);
  if (before.byKey.size === 0) return gone;
  const there = new KeySet();
  for (const { key } of after) there.add(key);
  // What one side still has is among the changes, in whatever state.
  for (const { key } of changes) there.add(key);
  for (const [name, { key }] of before.byKey) if (!there.has(key)) gone.add(name);
  return gone;
}

/**
 * The changes that make the other direction forget what neither side has any more. It would take what comes back on one
 * side for something that the other one removed since, and remove it again.
 */
export async function forgetGone(
  storage: StorageAdapter,
  identity: SyncIdentity,
  gone: ReadonlySet<string>,
): Promise<StorageChange[]> {
  if (gone.size === 0) return [];
  const changes: StorageChange[] = [];
  for (const { identity: other, state, reads } of await listCounterparts(storage, identity)) {
    const left = [...state.byKey].flatMap(([name, resource]) => (gone.has(name) ? [] : [resource]));
    if (left.length === state.byKey.size) continue;
    changes.push(...(await recordSyncState(state, other, state.commit, left, { reads })));
  }
  return changes;
}
