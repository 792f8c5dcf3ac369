import { throwIfCancelled } from '../git/cancelled.js';
import type { StagedPlan } from '../plan/make-plan.js';
import type { PreparedConnection, PreparedPlan } from '../plan/prepared-plan.js';
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
  const { summary, direction, task } = plan.outline;
  context.logger.info(
    { task, direction, dryRun, ...summary },
    dryRun ? 'plan made, nothing written' : 'plan made',
  );
  if (dryRun) return null;
  await context.confirm?.(plan.document);
  throwIfCancelled(context.signal);
  return apply();
}

/** What a sync or push makes of its plan when that is to be saved. */
type Preparation = (plan: StagedPlan) => Pick<PreparedPlan, 'basis' | 'effect'>;

/** What `makePlan` needs for a plan that is to be saved; undefined when it is not. */
export function preparation(
  { saving }: RunContext,
  { connection }: { connection: PreparedConnection['rendered'] },
  prepare: Preparation,
): ((plan: StagedPlan) => PreparedPlan) | undefined {
  if (saving === undefined) return undefined;
  const { written, dryRun } = saving;
  return (plan) => ({ ...prepare(plan), connection: { rendered: connection, written }, dryRun });
}
