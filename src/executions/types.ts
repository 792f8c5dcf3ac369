import type * as z from 'zod';
import type { executionState } from '../../schemas/api.js';
import type { ErrorReport } from '../../schemas/error-codes.js';
import type { TaskRun } from '../../schemas/execution.js';
import type { PlanDocument } from '../../schemas/plan.js';
import type { PauseAnswer, PauseBehavior } from '../runtime/pause.js';

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
  /** Forgets the task runs and plans of an execution that is begun again. */
  restart(id: string): Promise<void>;
  /** Puts a task run at its position, or replaces the one that stands there. */
  putTaskRun(id: string, position: number, run: TaskRun): Promise<void>;
  /** Keeps a plan that a task made (the `task-planned` event), in the place of the one it made before of the same two sides. */
  putPlan(id: string, plan: PlannedTask): Promise<void>;
  /** What the tasks of an execution planned, in the order they did. */
  plans(id: string): Promise<PlannedTask[]>;
  appendLogs(id: string, lines: readonly NewLogLine[]): Promise<void>;
  /** Lines after a number, in their order. */
  readLogs(
    id: string,
    options?: { after?: number | undefined; limit?: number | undefined },
  ): Promise<LogLine[]>;
  /** Calls back after something of the execution changed; resolves to a function that stops it. */
  watch(id: string, onChange: () => void): Promise<() => Promise<void>>;
}

export type ExecutionState = z.output<typeof executionState>;

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
  /** Where a run that was paused stands; null for one that never was. */
  checkpoint: Checkpoint | null;
  /** In the order they started. */
  taskRuns: readonly TaskRun[];
}

/** Enough of a paused run to go on from there, in another process. Everything in it is redacted. */
export interface Checkpoint {
  /** What the run waits for; null once that was answered. */
  waiting: Waiting | null;
  /** Answers to the pauses so far, by the place of the task. */
  answers: Readonly<Record<string, PauseAnswer>>;
  /** Task runs that have ended, by the place of the task: they are not run again. */
  ended: Readonly<Record<string, TaskRun>>;
  /** With which it was queued. */
  exclusiveKeys: readonly string[];
}

/** A `Pause` task that waits for an answer. */
export interface Waiting {
  /** The task and the iterations around it. */
  place: string;
  taskId: string;
  since: string;
  /** When it goes on by itself, and how. */
  until: string | null;
  behavior: PauseBehavior;
  /** Inputs that whoever resumes it gives: definitions as in a flow. */
  onResume: readonly Readonly<Record<string, unknown>>[];
}

/** `endedAt` ends it: later changes are refused. */
export type ExecutionChange = Partial<
  Pick<ExecutionRecord, 'state' | 'inputs' | 'outputs' | 'error' | 'startedAt' | 'endedAt' | 'checkpoint'>
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
  /** Only those that stand after this one in the list: many may be created in one moment. */
  beforeId?: string | undefined;
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
