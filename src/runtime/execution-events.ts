import type { Execution, TaskRun } from '../../schemas/execution.js';
import type { Plan } from '../plan/plan.js';
import type { ProgressEvent } from './context.js';

/** What an execution tells while it runs, already redacted (a plan's contents aside). */
export type ExecutionEvent =
  | { type: 'execution-started'; executionId: string; namespace: string; flowId: string }
  | { type: 'task-started'; taskId: string; taskType: string; attempt: number; value?: unknown }
  | { type: 'task-progress'; taskId: string; progress: ProgressEvent }
  | { type: 'task-planned'; taskId: string; plan: Plan }
  | { type: 'task-retried'; taskId: string; attempt: number; waitMs: number; message: string }
  | { type: 'task-ended'; position: number; place: string; run: TaskRun }
  | { type: 'execution-ended'; execution: Execution };
