import { formatKey } from '../storage/types.js';
import { type ComparedChange, type Comparison, type CurrentResource, compare } from './compare.js';
import {
  type DeletionBudget,
  type GuardedPlan,
  refuseConflicts,
  refuseEmptySource,
  refuseManyDeletions,
} from './guards.js';
import { type ConflictContents, type Resolution, resolveConflicts } from './resolve-conflicts.js';
import type { SyncedResource, SyncState } from './sync-state.js';

/** What a user may say about how much a run is allowed to do. */
export interface TransferPolicy {
  delete: boolean;
  maxDeletes?: DeletionBudget | undefined;
  allowEmpty: boolean;
  deleteScope: 'ALL' | 'OWNED';
  onConflict: 'SOURCE' | 'FAIL' | 'SKIP' | 'MERGE';
}

export interface TransferInput extends Pick<Comparison, 'desired' | 'current' | 'held' | 'target'> {
  policy: TransferPolicy;
  state: Pick<SyncState, 'byKey'>;
  /** How many resources each side has, where `desired` and `current` are not all of them. */
  counts?: { source: number; target: number };
  /** Narrows what may be deleted further. */
  mayDelete?: (resource: CurrentResource) => boolean;
  /** Where things come from and go to, for messages. */
  sourceName: string;
  targetName: string;
}

/** What conflicts are decided and shown with. Nothing of it is read while there are none. */
export interface ConflictSources {
  /** What runs of the other direction last saw, by `formatKey`. */
  counterpart(): Promise<ReadonlyMap<string, readonly SyncedResource[]>>;
  contents: ConflictContents;
  /** Told of the conflicts that stop the run. */
  onRefused(conflicts: readonly ComparedChange[]): void;
}

/**
 * Compares and guards: the changes of one sync or push, or the error that stops it before anything is written.
 * Conflicts are merged where the policy says so.
 * @throws EmptySourceError, DeletionBudgetExceededError, ConflictError
 */
export async function planTransfer(
  input: TransferInput,
  sources: ConflictSources,
): Promise<{ changes: ComparedChange[] } & Resolution> {
  const { policy, state } = input;
  let changes = compareSides(input);
  let counterpart: Comparison['counterpart'];
  if (disputable(changes, input).length > 0) {
    counterpart = await sources.counterpart();
    if (counterpart.size > 0) changes = compareSides(input, counterpart);
  }
  const resolution = await resolveConflicts({
    changes,
    desired: input.desired,
    target: input.target,
    bases(name) {
      const own = state.byKey.get(name);
      return [...(own === undefined ? [] : [own]), ...(counterpart?.get(name) ?? [])];
    },
    contents: sources.contents,
    merge: policy.onConflict === 'MERGE',
  });
  if (policy.onConflict === 'FAIL' || policy.onConflict === 'MERGE') {
    const conflicts = changes.filter((change) => change.state === 'CONFLICT');
    if (conflicts.length > 0) sources.onRefused(conflicts);
  }
  guard(changes, input);
  return { changes, ...resolution };
}

/** As `planTransfer`, where the target is as the last run left it: then there are no conflicts. */
export function planUndisputed(input: TransferInput): ComparedChange[] {
  const changes = compareSides(input);
  guard(changes, input);
  return changes;
}

function compareSides(input: TransferInput, counterpart?: Comparison['counterpart']): ComparedChange[] {
  const { policy, state } = input;
  const owned = (resource: CurrentResource) =>
    policy.deleteScope === 'ALL' || state.byKey.has(formatKey(resource.key));
  return compare({
    desired: input.desired,
    current: input.current,
    held: input.held,
    deletes: (resource) => policy.delete && owned(resource) && (input.mayDelete?.(resource) ?? true),
    base: state.byKey,
    counterpart,
    target: input.target,
    onConflict: policy.onConflict === 'FAIL' ? 'SKIP' : policy.onConflict,
  });
}

/** Whether the other direction saw something of what is to change that may lead to another verdict. */
export async function isDisputed(
  changes: readonly ComparedChange[],
  input: TransferInput,
  { counterpart }: Pick<ConflictSources, 'counterpart'>,
): Promise<boolean> {
  const asked = disputable(changes, input);
  if (asked.length === 0) return false;
  const seen = await counterpart();
  return asked.some(({ key }) => seen.has(formatKey(key)));
}

/** The changes whose verdict may be another one in the light of what the other direction saw. */
function disputable(
  changes: readonly ComparedChange[],
  { policy, state: { byKey } }: TransferInput,
): ComparedChange[] {
  const judges = policy.onConflict !== 'SOURCE';
  return changes.filter(
    ({ state, key }) =>
      state === 'CONFLICT' ||
      state === 'OVERWRITTEN' ||
      (judges && state !== 'UNCHANGED' && !byKey.has(formatKey(key))),
  );
}

function guard(changes: readonly ComparedChange[], input: TransferInput): void {
  const { policy } = input;
  const guarded: GuardedPlan = {
    changes,
    sourceCount: input.counts?.source ?? input.desired.length,
    targetCount: input.counts?.target ?? input.current.length,
    source: input.sourceName,
    target: input.targetName,
  };
  const { onConflict } = policy;
  if (onConflict === 'FAIL' || onConflict === 'MERGE') refuseConflicts(changes, onConflict);
  refuseEmptySource(guarded, policy.allowEmpty);
  refuseManyDeletions(guarded, policy.maxDeletes);
}
