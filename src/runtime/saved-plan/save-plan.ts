import { type SavedPlan, type SavedTask, savedPlan } from '../../../schemas/saved-plan.js';
import type { Plan } from '../../plan/plan.js';
import { digestPlan } from '../../plan/plan-digest.js';
import type { PlanEffect, PreparedPlan } from '../../plan/prepared-plan.js';
import { saveContent } from '../../plan/saved-content.js';
import type { StorageChange } from '../../storage/types.js';
import type { RunContext } from '../context.js';
import { reconnectContext, saveConnection } from './connection.js';
import { refuseOverlaps } from './refuse-overlaps.js';
import { refuseSecrets } from './refuse-secrets.js';

/** A plan that a run with `saving` in its context has told. */
export interface ToldPlan {
  taskId: string;
  plan: Plan;
}

type SavedChange = Extract<SavedTask['effect'], { kind: 'batch' }>['changes'][number];

const unsigned = savedPlan.omit({ digest: true });

/**
 * The plans of one run as one document that can be stored and applied later. A task that is a dry run by itself has
 * nothing to apply, and is left out.
 * @throws SecretInPlanError, UnsupportedError for plans that depend on each other
 */
export async function savePlan(
  context: RunContext,
  told: readonly ToldPlan[],
  flow: { namespace: string; id: string },
): Promise<SavedPlan> {
  const reconnect = reconnectContext(context, flow);
  const tasks: SavedTask[] = [];
  for (const { taskId, plan } of told) {
    const prepared = plan.prepare?.();
    if (prepared === undefined || prepared.dryRun) continue;
    const task = await saveTask(reconnect, { taskId, plan, prepared });
    refuseSecrets(task, context.redactor);
    tasks.push(task);
  }
  refuseOverlaps(tasks);
  const document = unsigned.parse({
    format: 'flowgit-plan',
    version: 1,
    madeAt: context.clock().toISOString(),
    flow: { namespace: flow.namespace, id: flow.id },
    storage: context.storage.location,
    tasks,
  });
  return { ...document, digest: digestPlan(document) };
}

async function saveTask(
  context: RunContext,
  { taskId, plan, prepared }: ToldPlan & { prepared: PreparedPlan },
): Promise<SavedTask> {
  const { basis, effect, connection } = prepared;
  return {
    taskId,
    plan: plan.document,
    connection: await saveConnection(context, connection),
    basis,
    effect: saveEffect(effect),
  };
}

function saveEffect(effect: PlanEffect): SavedTask['effect'] {
  const state = { ...effect.state, resources: [...effect.state.resources] };
  if (effect.kind === 'batch') {
    return { ...effect, state, changes: effect.changes.map(saveChange) };
  }
  return {
    ...effect,
    state,
    // What the remote has by then is for the push to find out.
    changes: effect.changes.map(({ atRemote: _, content, ...change }) => ({
      ...change,
      content: content === null ? null : saveContent(content),
    })),
  };
}

/** The content's id is not saved: whoever applies the plan takes it from the content. */
function saveChange(change: StorageChange): SavedChange {
  if (change.action === 'delete') return change;
  const { action, key, content, expectedOid } = change;
  return { action, key, content: saveContent(content), expectedOid };
}
