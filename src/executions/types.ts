import type { ErrorReport } from '../../schemas/error-codes.js';
import type { TaskRun } from '../../schemas/execution.js';
import type { PlanDocument } from '../../schemas/plan.js';

/**
 * Executions as a server keeps them.
 *
 * - **execution**: one run of a flow, from the moment it was asked for. Its end is written once and never changed.
 * - **log line**: what a run said, already redacted; numbered within the storage, so that a reader can go on after one.
 */
export interface ExecutionStore {
  /** Records an execution that is to be run. An id that is there already is left as it is, and `false` returned. */
  create(execution: NewExecution): Promise<boolean>;
  get(id: string): Promise<ExecutionRecord | null>;
  /** The newest first. */
  list(filter: ExecutionFilter): Promise<ExecutionRecord[]>;
  /** Changes what is given, unless the execution has ended; tells whether it did. */
  update(id: string, change: ExecutionChange): Promise<boolean>;
  /** Puts a task run at its position, or replaces the one that stands there. */
  putTaskRun(id: string, position: number, run: TaskRun): Promise<void>;
  /** Keeps a plan that a task made (the `task-planned` event), in the place of the one it made before of the same two sides. */
  putPlan(id: string, plan: PlannedTask): Promise<void>;
  /** What the tasks of an execution planned, in the order they did. */
  plans(id: string): Promise<PlannedTask[]>;
  appendLogs(id: string, lines: readonly NewLogLine[]): Promise<void>;
  /** Lines after a number, in their order. */
  readLogs(id: string, options?: { after?: number; limit?: number }): Promise<LogLine[]>;
  /** Calls back after something of the execution changed; resolves to a function that stops it. */
  watch(id: string, onChange: () => void): Promise<() => Promise<void>>;
}

export const executionStates = [
  'QUEUED',
  'RUNNING',
  'PAUSED',
  'SUCCESS',
  'WARNING',
  'FAILED',
  'CANCELLED',
] as const;
export type ExecutionState = (typeof executionStates)[number];

/** What asked for a run. */
export interface ExecutionTrigger {
  type: 'schedule' | 'webhook' | 'api' | 'replay' | 'sync';
  /** Id of the flow's trigger, where one of them did. */
  id?: string | undefined;
  /** What expressions see as `trigger`, such as `date` or `body`. Without secrets. */
  variables: Readonly<Record<string, unknown>>;
}

export interface NewExecution {
  id: string;
  namespace: string;
  flowId: string;
  flowRevision: number | null;
  trigger: ExecutionTrigger;
  inputs: Readonly<Record<string, unknown>>;
  createdAt: Date;
}

export interface ExecutionRecord extends NewExecution {
  state: ExecutionState;
  outputs: Readonly<Record<string, unknown>>;
  error: ErrorReport | null;
  startedAt: Date | null;
  endedAt: Date | null;
  /** In the order they started. */
  taskRuns: readonly TaskRun[];
}

/** `endedAt` ends it: later changes are refused. */
export type ExecutionChange = Partial<
  Pick<ExecutionRecord, 'state' | 'inputs' | 'outputs' | 'error' | 'startedAt' | 'endedAt'>
>;

/** What a task would change or changed. Rows that stay as they are may be left out; the summary counts them. */
export interface PlannedTask {
  taskId: string;
  plan: PlanDocument;
}

export interface ExecutionFilter {
  /** A namespace and, with `children`, those below it. */
  namespace?: string | undefined;
  children?: boolean | undefined;
  flowId?: string | undefined;
  states?: readonly ExecutionState[] | undefined;
  /** Only those created before. */
  before?: Date | undefined;
  limit?: number | undefined;
}

export interface NewLogLine {
  taskId: string | null;
  level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';
  message: string;
  fields: Readonly<Record<string, unknown>>;
  at: Date;
}

export interface LogLine extends NewLogLine {
  number: number;
}
