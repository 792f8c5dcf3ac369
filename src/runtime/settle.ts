import type { StagedPlan } from '../plan/make-plan.js';
import type { RunContext } from './context.js';

/**
 * Where a plan becomes effective, or not: the one place that asks for `dryRun`. Both ways tell the plan to the context
 * first, so that a dry run and a real run show the same.
 */
export async function settle<T>(
  context: RunContext,
  plan: StagedPlan,
  dryRun: boolean,
  apply: () => Promise<T>,
): Promise<T | null> {
  context.onPlan(plan);
  const { summary, direction, task } = plan.document;
  context.logger.info(
    { task, direction, dryRun, ...summary },
    dryRun ? 'plan made, nothing written' : 'plan made',
  );
  if (dryRun) return null;
  context.signal.throwIfAborted();
  return apply();
}
