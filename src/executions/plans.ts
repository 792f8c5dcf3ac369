import { createHash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import type { PlanDocument, PlanEndpoint } from '../../schemas/plan.js';
import { databaseJson } from './database-values.js';
import type { PlannedTask } from './types.js';

/** Keeps a plan in the place of the one that the task made before of the same two sides. */
export async function putPlan(
  db: Kysely<unknown>,
  tenant: string,
  id: string,
  { taskId, plan }: PlannedTask,
): Promise<void> {
  await sql`
    with counted as (
      update flowgit.execution set changes = changes + 1 where tenant = ${tenant} and id = ${id})
    insert into flowgit.execution_plan (tenant, execution_id, task_id, subject, plan)
    values (${tenant}, ${id}, ${taskId}, ${subjectOf(plan)}, ${databaseJson(plan)}::jsonb)
    on conflict (tenant, execution_id, task_id, subject) do update set plan = excluded.plan`.execute(db);
}

/** In the order the tasks made their first. */
export async function readPlans(db: Kysely<unknown>, tenant: string, id: string): Promise<PlannedTask[]> {
  const { rows } = await sql<{ task_id: string; plan: PlanDocument }>`
    select task_id, plan from flowgit.execution_plan
    where tenant = ${tenant} and execution_id = ${id} order by number`.execute(db);
  return rows.map(({ task_id: taskId, plan }) => ({ taskId, plan }));
}

/** What a plan is about, whichever commit it was made on; as a hash, because index entries are short. */
function subjectOf(plan: PlanDocument): string {
  const subject = [plan.direction, placeOf(plan.source), placeOf(plan.target)];
  return createHash('sha256').update(JSON.stringify(subject)).digest('hex');
}

function placeOf(endpoint: PlanEndpoint): unknown[] {
  return endpoint.kind === 'git'
    ? [endpoint.url, endpoint.revision, endpoint.directory]
    : [endpoint.location, endpoint.resource, endpoint.namespace, endpoint.children];
}
