import { type Kysely, sql } from 'kysely';
import type { LogLine } from './types.js';

const defaultLimit = 1000;

interface LogRow {
  /** A bigint, which the driver hands out as text. */
  number: string;
  task_id: string | null;
  level: LogLine['level'];
  message: string;
  fields: Record<string, unknown> | null;
  logged_at: Date;
}

/** Lines after a number, in their order. */
export async function readLogLines(
  db: Kysely<unknown>,
  tenant: string,
  id: string,
  { after = 0, limit = defaultLimit }: { after?: number | undefined; limit?: number | undefined } = {},
): Promise<LogLine[]> {
  const { rows } = await sql<LogRow>`
    select number, task_id, level, message, fields, logged_at from flowgit.log
    where tenant = ${tenant} and execution_id = ${id} and number > ${after}
    order by number limit ${limit}`.execute(db);
  return rows.map((row) => ({
    number: Number(row.number),
    taskId: row.task_id,
    level: row.level,
    message: row.message,
    fields: row.fields ?? {},
    at: row.logged_at,
  }));
}
