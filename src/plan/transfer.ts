import { UnsupportedError } from '../errors.js';
import { formatKey } from '../storage/types.js';
import { type ComparedChange, type Comparison, type CurrentResource, compare } from './compare.js';
import {
  type DeletionBudget,
  type GuardedPlan,
  refuseConflicts,
  refuseEmptySource,
  refuseManyDeletions,
} from './guards.js';
import type { SyncState } from './sync-state.js';

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

/**
 * Compares and guards: the changes of one sync or push, or the error that stops it before anything is written.
 * @throws EmptySourceError, DeletionBudgetExceededError, ConflictError
 */
export function planTransfer(input: TransferInput): ComparedChange[] {
  const { policy, state } = input;
  refuseUnsupported(policy);
  const owned = (resource: CurrentResource) =>
    policy.deleteScope === 'ALL' || state.byKey.has(formatKey(resource.key));
  const changes = compare({
    desired: input.desired,
    current: input.current,
    held: input.held,
    deletes: (resource) => policy.delete && owned(resource) && (input.mayDelete?.(resource) ?? true),
    base: state.byKey,
    target: input.target,
    onConflict: policy.onConflict === 'SOURCE' ? 'SOURCE' : 'SKIP',
  });
  const guarded: GuardedPlan = {
    changes,
    sourceCount: input.counts?.source ?? input.desired.length,
    targetCount: input.counts?.target ?? input.current.length,
    source: input.sourceName,
    target: input.targetName,
  };
  if (policy.onConflict === 'FAIL') refuseConflicts(changes);
  refuseEmptySource(guarded, policy.allowEmpty);
  refuseManyDeletions(guarded, policy.maxDeletes);
  return changes;
}

function refuseUnsupported(policy: TransferPolicy): void {
  if (policy.onConflict !== 'MERGE') return;
  throw new UnsupportedError('"onConflict: MERGE" is not supported yet.', {
    hint: 'Use SOURCE, SKIP or FAIL.',
  });
}
