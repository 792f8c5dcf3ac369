import type { SavedPlan } from '../../../schemas/saved-plan.js';
import type { RunContext } from '../context.js';
import type { AppliedTask } from './apply-plan.js';

export type { AppliedTask } from './apply-plan.js';

/**
 * Applies a saved plan, as `task.plan` gave it or as the text of its file: every precondition of every task is checked
 * first, then exactly what the plan shows is written.
 * @throws InvalidPlanError for a plan that was edited or damaged, StalePlanError when something it was made on changed;
 * nothing was written then
 * @throws PartiallyAppliedError when a later task of the plan fails after an earlier one was applied
 */
export async function apply(plan: SavedPlan | string, context: RunContext): Promise<AppliedTask[]> {
  const { applyPlan } = await import('./apply-plan.js');
  return applyPlan(plan, context);
}

/**
 * Whether a saved plan could be applied now; nothing is written.
 * @throws InvalidPlanError, StalePlanError
 */
export async function checkPlan(plan: SavedPlan | string, context: RunContext): Promise<SavedPlan> {
  const checking = await import('./apply-plan.js');
  return checking.checkPlan(plan, context);
}
