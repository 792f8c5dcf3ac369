import pLimit from 'p-limit';
import type { RunState } from '../../schemas/execution.js';
import type { TaskDefinition } from '../../schemas/flow.js';
import { CancelledError, reportError } from '../errors.js';
import { abortController } from './abort.js';
import { expressionScope } from './expression-scope.js';
import type { Branch } from './flow-context.js';
import type { FlowRun, Place } from './flow-run.js';
import { OutputTree } from './output-tree.js';
import { contextAt } from './task-context.js';

/** How a task ended, and what stopped it. */
export interface TaskResult {
  taskId: string;
  state: RunState;
  error: unknown;
}

export type RunTask = (run: FlowRun, definition: TaskDefinition, place: Place) => Promise<TaskResult>;

export interface Block {
  branches: readonly Branch[];
  /** Branches that run at once; 0 means all. */
  concurrencyLimit: number;
  errors: readonly TaskDefinition[];
  finally: readonly TaskDefinition[];
}

export interface BlockResult {
  state: 'SUCCESS' | 'WARNING' | 'PAUSED' | 'FAILED' | 'CANCELLED';
  /** The first task that failed. */
  failure: TaskResult | null;
}

/**
 * Runs a block: its branches, then `errors` when a task of theirs failed (not when they were cancelled), then
 * `finally` whatever happened. A failure there fails the block too.
 */
export async function runBlock(
  run: FlowRun,
  runTask: RunTask,
  block: Block,
  place: Place,
): Promise<BlockResult> {
  const steps = new Steps(run, runTask);
  await steps.branches(block, place);
  // It is not over: what comes at the end comes when the execution has gone on.
  if (steps.state === 'PAUSED') return { state: 'PAUSED', failure: null };
  if (steps.state === 'FAILED' && block.errors.length > 0) {
    await steps.sequence(block.errors, {
      ...withState(place, steps.state),
      error: errorInfo(run, steps.failure),
    });
  }
  if (block.finally.length > 0) {
    const { signal, dispose } = finallySignal(run, place.signal);
    const before = withState(place, steps.state);
    await steps.sequence(block.finally, { ...before, signal, error: errorInfo(run, steps.failure) });
    dispose();
  }
  return { state: steps.state, failure: steps.failure };
}

const severity = { SUCCESS: 0, SKIPPED: 0, WARNING: 1, PAUSED: 2, FAILED: 3, CANCELLED: 4 } as const;

/** Runs tasks and keeps the worst of what became of them. */
class Steps {
  state: BlockResult['state'] = 'SUCCESS';
  failure: TaskResult | null = null;
  readonly #run: FlowRun;
  readonly #runTask: RunTask;

  constructor(run: FlowRun, runTask: RunTask) {
    this.#run = run;
    this.#runTask = runTask;
  }

  async branches(block: Block, place: Place): Promise<void> {
    const limit = pLimit(block.concurrencyLimit === 0 ? Number.POSITIVE_INFINITY : block.concurrencyLimit);
    await limit.map(block.branches, async (branch) => {
      if (this.#goesOn()) await this.#branch(branch, branchPlace(place, branch));
    });
  }

  /** Runs tasks one after the other until one does not end well. */
  async sequence(tasks: readonly TaskDefinition[], place: Place, goesOn = () => true): Promise<boolean> {
    for (const task of tasks) {
      if (place.signal.aborted) {
        this.#take({ taskId: task.id, state: 'CANCELLED', error: null });
        return false;
      }
      if (!goesOn()) return false;
      const result = await this.#runTask(this.#run, task, place);
      this.#take(result);
      if (severity[result.state] >= severity.PAUSED) return false;
    }
    return true;
  }

  async #branch(branch: Branch, place: Place): Promise<void> {
    // A failure elsewhere in the block lets the tasks that run end, and starts no further ones.
    const endedWell = await this.sequence(branch.tasks, place, () => this.#goesOn());
    if (!endedWell || branch.collect === undefined) return;
    try {
      await branch.collect(expressionScope(contextAt(this.#run, place)));
    } catch (error) {
      this.#take({ taskId: place.parent?.id ?? '', state: 'FAILED', error });
    }
  }

  #goesOn(): boolean {
    return severity[this.state] < severity.PAUSED;
  }

  #take(result: TaskResult): void {
    if (result.state === 'FAILED') this.failure ??= result;
    if (result.state !== 'SKIPPED' && severity[result.state] > severity[this.state])
      this.state = result.state;
  }
}

function branchPlace(place: Place, branch: Branch): Place {
  const index = branch.iteration ?? branch.item?.index;
  return {
    ...place,
    ...(index !== undefined && { iteration: { value: branch.value, index } }),
    ...(branch.item !== undefined && {
      item: branch.item,
      outputs: new OutputTree(place.outputs),
      values: [],
    }),
  };
}

function withState(place: Place, state: string): Place {
  return place.depth === 0 ? { ...place, executionState: state } : place;
}

function errorInfo(run: FlowRun, failure: TaskResult | null): Place['error'] {
  if (failure === null) return null;
  const { code, message } = reportError(failure.error);
  return { taskId: failure.taskId, code, message: run.redactor.redact(message) };
}

/**
 * The signal for `finally` tasks: they run also after a cancellation, but then not for ever, and not beyond a second
 * one.
 */
function finallySignal(run: FlowRun, cancelled: AbortSignal): { signal: AbortSignal; dispose: () => void } {
  const stop = abortController();
  const over = new AbortController();
  const force = run.options.forceSignal;
  const end = () => stop.abort(new CancelledError('The "finally" tasks were ended.'));
  const startClock = () => {
    run.sleep(run.limits.finallyMs, over.signal).then(end, () => {});
  };
  if (force?.aborted) end();
  if (cancelled.aborted) startClock();
  force?.addEventListener('abort', end, { once: true });
  cancelled.addEventListener('abort', startClock, { once: true });
  return {
    signal: stop.signal,
    dispose() {
      over.abort();
      force?.removeEventListener('abort', end);
      cancelled.removeEventListener('abort', startClock);
    },
  };
}
