import type { SavedPlan } from '../../../schemas/saved-plan.js';
import { UnsupportedError } from '../../errors.js';
import type { Plan } from '../../plan/plan.js';
import type { RunContext } from '../context.js';
import type { AnyTaskType } from '../registry.js';
import type { Task } from '../task.js';
import { savePlan } from './save-plan.js';

/**
 * Plans one task and gives the plan as a document; nothing is written.
 * @throws UnsupportedError for a task that does not plan
 */
export async function planTask(task: Task, context: RunContext): Promise<SavedPlan> {
  const type = task.constructor as AnyTaskType;
  if (!('dryRun' in type.properties.shape)) throw new UnsupportedError(`${type.type} makes no plans.`);
  const written = task.source;
  let told: Plan | null = null;
  const planning: RunContext = {
    ...context,
    saving: { written, dryRun: false },
    onPlan(plan) {
      told = plan;
      context.onPlan(plan);
    },
  };
  await new type({ ...written, dryRun: true } as never).run(planning);
  const { namespace, flowId: id, taskId = type.type } = context.identity;
  return savePlan(context, told === null ? [] : [{ taskId, plan: told }], { namespace, id });
}
