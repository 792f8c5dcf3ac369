import { type Kysely, sql } from 'kysely';
import type { ErrorReport } from '../../schemas/error-codes.js';
import type { TaskRun } from '../../schemas/execution.js';
import type { Database } from '../storage/postgres/database.js';
import { explainFailure } from '../storage/postgres/failures.js';
import { checkTenant } from '../storage/postgres/tenant.js';
import { databaseJson, databaseText } from './database-values.js';
import { putPlan, readPlans } from './plans.js';
import { getExecution, listExecutions } from './read-executions.js';
import { readLogLines } from './read-logs.js';
import type { ExecutionChange, ExecutionStore, NewExecution, NewLogLine } from './types.js';
import { watchExecutions } from './watch.js';

/** Executions in the tables that storage in PostgreSQL lives in too. Closing the database is up to who opened it. */
export function createExecutionStore(database: Database, { tenant }: { tenant: string }): ExecutionStore {
  checkTenant(tenant);
  const { db } = database;
  const explained = <T>(call: () => Promise<T>): Promise<T> => explainFailure(database.location, call);
  const watcher = watchExecutions(db, tenant);
  return {
    create: (execution) =>
      explained(async () => (await insertExecutions(db, tenant, [execution])).has(execution.id)),
    get: (id) => explained(() => getExecution(db, tenant, id)),
    list: (filter) => explained(() => listExecutions(db, tenant, filter)),
    update: (id, change) => explained(() => updateExecution(db, tenant, id, change)),
    restart: (id) => explained(() => forgetRuns(db, tenant, id)),
    putTaskRun: (id, position, run) => explained(() => putTaskRun(db, tenant, { id, position, run })),
    putPlan: (id, plan) => explained(() => putPlan(db, tenant, id, plan)),
    plans: (id) => explained(() => readPlans(db, tenant, id)),
    appendLogs: (id, lines) => explained(() => appendLogs(db, tenant, id, lines)),
    readLogs: (id, options) => explained(() => readLogLines(db, tenant, id, options)),
    watch: (id, onChange) => explained(() => watcher.watch(id, onChange)),
  };
}

/**
 * Records executions, and resolves to the ids of those that were not there. With an error they are recorded as failed.
 * Inside a transaction of the caller's, who queues them in it as well.
 */
export async function insertExecutions(
  db: Kysely<unknown>,
  tenant: string,
  executions: readonly (NewExecution & { error?: ErrorReport | null })[],
): Promise<ReadonlySet<string>> {
  const column = <T>(value: (execution: (typeof executions)[number]) => T) => executions.map(value);
  // Two servers that record the same wait for each other in one order.
  const { rows } = await sql<{ id: string }>`
    insert into flowgit.execution (tenant, id, namespace, flow_id, flow_revision, state, trigger, inputs, error, created_at,
                                   ended_at)
    select ${tenant}, id, namespace, flow_id, flow_revision, case when error is null then 'QUEUED' else 'FAILED' end,
           trigger::jsonb, inputs::jsonb, error::jsonb, created_at, case when error is not null then created_at end
    from unnest(${column(({ id }) => id)}::text[], ${column(({ namespace }) => namespace)}::text[],
                ${column(({ flowId }) => flowId)}::text[], ${column(({ flowRevision }) => flowRevision)}::integer[],
                ${column(({ trigger }) => databaseJson(trigger))}::text[],
                ${column(({ inputs }) => databaseJson(inputs))}::text[],
                ${column(({ error }) => (error == null ? null : databaseJson(error)))}::text[],
                ${column(({ createdAt }) => createdAt.toISOString())}::timestamptz[])
      as new (id, namespace, flow_id, flow_revision, trigger, inputs, error, created_at)
    order by id collate "C" on conflict do nothing returning id`.execute(db);
  return new Set(rows.map(({ id }) => id));
}

const columns = {
  state: sql`state`,
  inputs: sql`inputs`,
  outputs: sql`outputs`,
  error: sql`error`,
  startedAt: sql`started_at`,
  endedAt: sql`ended_at`,
  checkpoint: sql`checkpoint`,
} as const;
const json = new Set<string>(['inputs', 'outputs', 'error', 'checkpoint']);

/** Changes an execution that has not ended. */
export async function updateExecution(
  db: Kysely<unknown>,
  tenant: string,
  id: string,
  change: ExecutionChange,
): Promise<boolean> {
  const assignments = Object.entries(columns).flatMap(([name, column]) => {
    const value = change[name as keyof ExecutionChange];
    if (value === undefined) return [];
    if (!json.has(name)) return [sql`${column} = ${value}`];
    return [sql`${column} = ${value === null ? null : databaseJson(value)}::jsonb`];
  });
  const { rows } = await sql`
    update flowgit.execution set ${sql.join([...assignments, sql`changes = changes + 1`])}
    where tenant = ${tenant} and id = ${id} and ended_at is null returning id`.execute(db);
  return rows.length > 0;
}

async function forgetRuns(db: Kysely<unknown>, tenant: string, id: string): Promise<void> {
  await sql`
    with counted as (
      update flowgit.execution set changes = changes + 1 where tenant = ${tenant} and id = ${id}),
    plans as (
      delete from flowgit.execution_plan where tenant = ${tenant} and execution_id = ${id})
    delete from flowgit.task_run where tenant = ${tenant} and execution_id = ${id}`.execute(db);
}

async function putTaskRun(
  db: Kysely<unknown>,
  tenant: string,
  { id, position, run }: { id: string; position: number; run: TaskRun },
): Promise<void> {
  await sql`
    with counted as (
      update flowgit.execution set changes = changes + 1 where tenant = ${tenant} and id = ${id})
    insert into flowgit.task_run as present (tenant, execution_id, position, task_id, type, state, attempts, parent, value,
                                             outputs, error, started_at, duration_ms)
    values (${tenant}, ${id}, ${position}, ${run.taskId}, ${run.type}, ${run.state}, ${run.attempts},
            ${run.parent ?? null}, ${run.value === undefined ? null : databaseJson(run.value)}::jsonb,
            ${databaseJson(run.outputs)}::jsonb, ${run.error === null ? null : databaseJson(run.error)}::jsonb,
            ${run.startedAt}, ${run.durationMs})
    on conflict (tenant, execution_id, position) do update set
      task_id = excluded.task_id, type = excluded.type, state = excluded.state, attempts = excluded.attempts,
      parent = excluded.parent, value = excluded.value, outputs = excluded.outputs, error = excluded.error,
      started_at = excluded.started_at, duration_ms = excluded.duration_ms`.execute(db);
}

async function appendLogs(
  db: Kysely<unknown>,
  tenant: string,
  id: string,
  lines: readonly NewLogLine[],
): Promise<void> {
  if (lines.length === 0) return;
  await sql`
    with counted as (
      update flowgit.execution set changes = changes + 1 where tenant = ${tenant} and id = ${id})
    insert into flowgit.log (tenant, execution_id, task_id, level, message, fields, logged_at)
    select ${tenant}, ${id}, task_id, level, message, fields::jsonb, logged_at
    from unnest(${lines.map(({ taskId }) => taskId)}::text[], ${lines.map(({ level }) => level)}::text[],
                ${lines.map(({ message }) => databaseText(message))}::text[],
                ${lines.map(({ fields }) => databaseJson(fields))}::text[],
                ${lines.map(({ at }) => at.toISOString())}::timestamptz[])
      with ordinality as line (task_id, level, message, fields, logged_at, position)
    order by position`.execute(db);
}
