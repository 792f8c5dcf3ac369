import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { ErrorReport } from '../../schemas/error-codes.js';
import type { TaskRun } from '../../schemas/execution.js';
import type {
  Checkpoint,
  ExecutionFilter,
  ExecutionRecord,
  ExecutionState,
  ExecutionTrigger,
} from './types.js';

const defaultLimit = 100;

export async function getExecution(
  db: Kysely<unknown>,
  tenant: string,
  id: string,
): Promise<ExecutionRecord | null> {
  const [record] = await select(db, tenant, sql`id = ${id}`, 1);
  return record ?? null;
}

/** The newest first. */
export function listExecutions(
  db: Kysely<unknown>,
  tenant: string,
  filter: ExecutionFilter,
): Promise<ExecutionRecord[]> {
  const { namespace, children, flowId, states, before, beforeId, limit = defaultLimit } = filter;
  const conditions = [sql<boolean>`true`];
  if (namespace !== undefined && !(namespace === '' && children === true)) {
    // By whole dotted parts: "/" is the character after ".".
    const below = sql`(namespace >= ${`${namespace}.`} and namespace < ${`${namespace}/`})`;
    conditions.push(
      children === true
        ? sql<boolean>`(namespace = ${namespace} or ${below})`
        : sql<boolean>`namespace = ${namespace}`,
    );
  }
  if (flowId !== undefined) conditions.push(sql<boolean>`flow_id = ${flowId}`);
  if (states !== undefined) conditions.push(sql<boolean>`state = any(${[...states]}::text[])`);
  if (before !== undefined) conditions.push(sql<boolean>`created_at < ${before}`);
  if (beforeId !== undefined) {
    conditions.push(sql<boolean>`(created_at, id) < (
      select created_at, id from flowgit.execution where tenant = ${tenant} and id = ${beforeId})`);
  }
  return select(db, tenant, sql.join(conditions, sql` and `), limit);
}

interface ExecutionRow {
  id: string;
  namespace: string;
  flow_id: string;
  flow_revision: number | null;
  state: ExecutionState;
  trigger: ExecutionTrigger;
  inputs: Record<string, unknown>;
  outputs: Record<string, unknown>;
  error: ErrorReport | null;
  created_at: Date;
  started_at: Date | null;
  ended_at: Date | null;
  checkpoint: Checkpoint | null;
}

async function select(
  db: Kysely<unknown>,
  tenant: string,
  condition: RawBuilder<unknown>,
  limit: number,
): Promise<ExecutionRecord[]> {
  const { rows } = await sql<ExecutionRow>`
    select id, namespace, flow_id, flow_revision, state, trigger, inputs, outputs, error, created_at, started_at,
           ended_at, checkpoint
    from flowgit.execution where tenant = ${tenant} and ${condition}
    order by created_at desc, id desc limit ${limit}`.execute(db);
  if (rows.length === 0) return [];
  const runs = await readTaskRuns(
    db,
    tenant,
    rows.map(({ id }) => id),
  );
  return rows.map((row) => ({
    id: row.id,
    namespace: row.namespace,
    flowId: row.flow_id,
    flowRevision: row.flow_revision,
    trigger: row.trigger,
    inputs: row.inputs,
    createdAt: row.created_at,
    state: row.state,
    outputs: row.outputs,
    error: row.error,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    checkpoint: row.checkpoint,
    taskRuns: runs.get(row.id) ?? [],
  }));
}

interface TaskRunRow {
  execution_id: string;
  task_id: string;
  type: string;
  state: TaskRun['state'];
  attempts: number;
  parent: string | null;
  value: unknown;
  outputs: Record<string, unknown>;
  error: ErrorReport | null;
  started_at: Date | null;
  duration_ms: number;
}

async function readTaskRuns(
  db: Kysely<unknown>,
  tenant: string,
  ids: readonly string[],
): Promise<Map<string, TaskRun[]>> {
  const { rows } = await sql<TaskRunRow>`
    select execution_id, task_id, type, state, attempts, parent, value, outputs, error, started_at, duration_ms
    from flowgit.task_run where tenant = ${tenant} and execution_id = any(${[...ids]}::text[])
    order by execution_id, position`.execute(db);
  const byExecution = new Map<string, TaskRun[]>();
  for (const row of rows) {
    const runs = byExecution.get(row.execution_id) ?? [];
    byExecution.set(row.execution_id, runs);
    runs.push({
      taskId: row.task_id,
      type: row.type,
      state: row.state,
      attempts: row.attempts,
      startedAt: row.started_at?.toISOString() ?? null,
      durationMs: row.duration_ms,
      ...(row.parent !== null && { parent: row.parent }),
      ...(row.value !== null && { value: row.value }),
      outputs: row.outputs,
      error: row.error,
    });
  }
  return byExecution;
}
