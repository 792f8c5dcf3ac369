import type { TaskDefinition } from '../../schemas/flow.js';
import { CancelledError, FlowgitError, LimitExceededError, reportError, TaskFailedError } from '../errors.js';
import type { BranchOptions, Children } from './flow-context.js';
import type { FlowRun, Place } from './flow-run.js';
import { ExecutionPausedError } from './pause.js';
import { type BlockResult, type RunTask, runBlock } from './run-block.js';

/** The attempt of a flowable task whose children are run. */
export interface ParentAttempt {
  definition: TaskDefinition;
  signal: AbortSignal;
  onStart: () => void;
  onWarning: () => void;
}

/** A task inside a flowable task failed; worth another try when that task's error was. */
export class ChildFailedError extends TaskFailedError {
  override readonly retryable: boolean;

  constructor(taskId: string, cause: unknown) {
    super(`Task "${taskId}" inside it failed: ${reportError(cause).message}`, { cause, data: { taskId } });
    this.retryable = cause instanceof FlowgitError && cause.retryable;
  }
}

/** The door through which a flowable task at `place` runs the tasks it holds. */
export function childrenAt(run: FlowRun, runTask: RunTask, place: Place, parent: ParentAttempt): Children {
  return {
    separateDirectory: () => run.directories.separate(parent.definition.id),
    async run(branches, options = {}) {
      parent.onStart();
      if (place.depth >= run.limits.maxDepth) {
        throw new LimitExceededError(
          `Task "${parent.definition.id}" stands deeper than ${run.limits.maxDepth} tasks inside each other.`,
        );
      }
      const block = {
        branches,
        concurrencyLimit: options.concurrencyLimit ?? 1,
        errors: options.errors ?? [],
        finally: options.finally ?? [],
      };
      report(parent, options, await runBlock(run, runTask, block, childPlace(place, parent, options)));
    },
  };
}

function report(parent: ParentAttempt, options: BranchOptions, { state, failure }: BlockResult): void {
  if (state === 'PAUSED') throw new ExecutionPausedError(`Task "${parent.definition.id}" is paused.`);
  if (state === 'CANCELLED') throw new CancelledError(`Task "${parent.definition.id}" was cancelled.`);
  if (state === 'FAILED' && options.allowFailure !== true) {
    throw new ChildFailedError(failure?.taskId ?? parent.definition.id, failure?.error);
  }
  if (state !== 'SUCCESS') parent.onWarning();
}

function childPlace(place: Place, parent: ParentAttempt, options: BranchOptions): Place {
  const value = place.iteration?.value;
  return {
    ...place,
    parent: parent.definition,
    depth: place.depth + 1,
    signal: parent.signal,
    values: value === undefined ? place.values : [...place.values, value],
    iterations: place.iteration === null ? place.iterations : [...place.iterations, place.iteration.index],
    parents: value === undefined ? place.parents : [{ taskrun: { value } }, ...place.parents],
    iteration: null,
    directory: options.workingDirectory ?? place.directory,
  };
}
