import { ConflictError, DeletionBudgetExceededError, EmptySourceError } from '../errors.js';
import { formatKey } from '../storage/types.js';
import type { ComparedChange } from './compare.js';

/** How many deletions one run may make: a count or a share of the target, `'10'` or `'50%'`. */
export type DeletionBudget = string;

export interface GuardedPlan {
  changes: readonly ComparedChange[];
  /** How many resources the source gave, before comparing. */
  sourceCount: number;
  /** How many resources of the target are in the run's scope. */
  targetCount: number;
  /** Where things come from and go to, for the messages. */
  source: string;
  target: string;
}

/** At this many deletions or fewer the default budget does not ask for a share. */
const smallDeletion = 10;
const listed = 20;

/**
 * Refuses a source that has nothing while the target has something: a wrong branch or directory looks just like that.
 * @throws EmptySourceError
 */
export function refuseEmptySource(plan: GuardedPlan, allowEmpty: boolean): void {
  if (allowEmpty || plan.sourceCount > 0) return;
  const deletions = plan.changes.filter((change) => change.state === 'DELETED');
  if (deletions.length === 0) return;
  throw new EmptySourceError(
    `Nothing was found in ${plan.source}, and "delete" would remove ${deletions.length === 1 ? 'the only resource' : `all ${deletions.length} resources`} of ${plan.target}.`,
    {
      hint: 'Check the branch and the directories. If the source is meant to be empty, set "allowEmpty: true".',
      data: { deletions: names(deletions) },
    },
  );
}

/**
 * Refuses more deletions than the budget. Without a budget, ten may always go, and of more at most half of the target.
 * @throws DeletionBudgetExceededError
 */
export function refuseManyDeletions(plan: GuardedPlan, maxDeletes: DeletionBudget | undefined): void {
  const deletions = plan.changes.filter((change) => change.state === 'DELETED');
  if (maxDeletes === undefined && deletions.length <= smallDeletion) return;
  const budget = maxDeletes ?? '50%';
  const share = /^(.+)%$/.exec(budget)?.[1];
  // The small addition keeps 29 % of 100 from being 28.999….
  const allowed = share === undefined ? Number(budget) : (Number(share) * plan.targetCount) / 100 + 1e-9;
  if (deletions.length <= allowed) return;
  throw new DeletionBudgetExceededError(
    `This run would delete ${deletions.length} of ${plan.targetCount} in ${plan.target}, more than "maxDeletes: ${budget}" allows. Nothing was written. It would have deleted: ${enumerate(names(deletions))}.`,
    {
      hint: 'Check the branch, the directories and what was removed in the source. If it is meant, raise "maxDeletes".',
      data: { deletions: names(deletions), allowed: Math.floor(allowed), targetCount: plan.targetCount },
    },
  );
}

/**
 * Stops a run that must not resolve conflicts by itself.
 * @throws ConflictError
 */
export function refuseConflicts(changes: readonly ComparedChange[], onConflict: 'FAIL' | 'MERGE'): void {
  const conflicts = changes.filter((change) => change.state === 'CONFLICT');
  if (conflicts.length === 0) return;
  const list = conflicts.map(
    (change) => `${formatKey(change.key)} (${change.note ?? 'changed on both sides'})`,
  );
  throw new ConflictError(
    `${conflicts.length === 1 ? 'One resource' : `${conflicts.length} resources`} changed on both sides since the last run: ${enumerate(list)}. Nothing was written.`,
    {
      hint: `Settle them on one side, or set "onConflict" to SOURCE, which overwrites the target, ${onConflict === 'FAIL' ? 'to MERGE, which merges texts, ' : ''}or to SKIP, which leaves it.`,
      data: {
        conflicts: names(conflicts),
        hunks: Object.fromEntries(conflicts.map((change) => [formatKey(change.key), change.hunks ?? null])),
      },
    },
  );
}

function names(changes: readonly ComparedChange[]): string[] {
  return changes.map((change) => formatKey(change.key));
}

function enumerate(items: readonly string[]): string {
  const rest = items.length - listed;
  return items.slice(0, listed).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
