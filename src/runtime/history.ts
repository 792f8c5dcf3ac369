import type { RunState, TaskRun } from '../../schemas/execution.js';
import type { Redactor } from '../redaction.js';
import type { ErrorLog, History } from './flow-context.js';

/** A task run that is being written to; its values are the real ones. */
export type LiveTaskRun = Omit<TaskRun, 'state'> & { state: RunState | 'RUNNING' };

/** What has happened in one execution so far: its task runs in the order they started, and its error lines. */
export class ExecutionHistory implements History {
  readonly #runs: LiveTaskRun[] = [];
  readonly #errors: ErrorLog[] = [];
  readonly #redactor: Redactor;
  readonly #clock: () => Date;

  constructor(redactor: Redactor, clock: () => Date) {
    this.#redactor = redactor;
    this.#clock = clock;
  }

  /** Tells its position, from 0. */
  add(run: LiveTaskRun): number {
    return this.#runs.push(run) - 1;
  }

  /** As they stand, not redacted. */
  taskRuns(): TaskRun[] {
    return this.#runs.map(finished);
  }

  addError(taskId: string, message: string): void {
    const text = this.#redactor.redact(message);
    this.#errors.push({ taskId, level: 'ERROR', message: text, timestamp: this.#clock().toISOString() });
  }

  errorLogs(): ErrorLog[] {
    return [...this.#errors];
  }

  tasksWithState(state: string): { taskId: string; value?: unknown }[] {
    return this.#runs
      .filter((run) => run.state === state)
      .map(({ taskId, value }) => ({ taskId, ...(value !== undefined && { value }) }));
  }
}

/** A copy as reports have it, not redacted. */
export function finished(run: LiveTaskRun): TaskRun {
  return { ...run, state: run.state === 'RUNNING' ? 'CANCELLED' : run.state };
}
