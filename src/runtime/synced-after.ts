import type { ComparedChange, DesiredResource } from '../plan/compare.js';
import type { Resolution } from '../plan/resolve-conflicts.js';
import type { SyncedResource, SyncState } from '../plan/sync-state.js';
import type { TransferPolicy } from '../plan/transfer.js';
import { formatKey, type StoredEntry } from '../storage/types.js';
import { isUndecided } from './conflict-contents.js';

/** Both sides of a sync, and how it settled their conflicts. */
interface SettledSides extends Pick<Resolution, 'ancestors'> {
  policy: Pick<TransferPolicy, 'onConflict'>;
  state: SyncState;
  desired: readonly DesiredResource[];
  /** What takes part in the run, and what does not. */
  stored: readonly StoredEntry[];
  aside: readonly StoredEntry[];
}

/**
 * What both sides have after the run. What the run left alone keeps its old record, so that it stays owned and its
 * next difference is still measured from the last time both sides agreed.
 */
export function syncedAfter(
  changes: readonly ComparedChange[],
  input: SettledSides,
): readonly SyncedResource[] {
  const { stored, aside, state } = input;
  const left = new Set(changes.filter(({ note }) => note !== null).map(({ key }) => formatKey(key)));
  const mergedRow = mergedRows(changes, input);
  const wanted =
    left.size === 0 ? input.desired : input.desired.filter(({ key }) => !left.has(formatKey(key)));
  const synced: readonly SyncedResource[] =
    mergedRow === null ? wanted : wanted.map((resource) => mergedRow(resource) ?? resource);
  if (state.bytes === null) return synced;
  const known = new Set(synced.map(({ key }) => formatKey(key)));
  for (const { state: outcome, key } of changes) if (outcome === 'DELETED') known.add(formatKey(key));
  const stillThere = new Set([...stored, ...aside].map(({ key }) => formatKey(key)));
  for (const change of changes) if (isUndecided(change)) stillThere.add(formatKey(change.key));
  const kept = [...state.byKey]
    .filter(([name]) => stillThere.has(name) && !known.has(name))
    .map(([, resource]) => resource);
  // What a path holds now stands behind what it held once, and is what the next run finds there.
  return [...kept, ...synced];
}

/** The records of what was merged, where that can be: both sides have other contents then, and each its own id. */
function mergedRows(
  changes: readonly ComparedChange[],
  { policy, state, ancestors }: SettledSides,
): ((wanted: DesiredResource) => SyncedResource | null) | null {
  if (policy.onConflict !== 'MERGE') return null;
  const after = new Map(changes.map((change) => [formatKey(change.key), change.after]));
  return (wanted) => {
    const name = formatKey(wanted.key);
    const storedOid = after.get(name) ?? wanted.storedOid;
    if (storedOid === wanted.storedOid) return null;
    const ancestor = ancestors.get(name) ?? state.byKey.get(name)?.ancestor;
    return { ...wanted, storedOid, ancestor };
  };
}
