import { randomUUID } from 'node:crypto';
import type { CoreProperties } from '../../schemas/core-properties.js';
import type { RunState, TaskRun } from '../../schemas/execution.js';
import type { TaskDefinition } from '../../schemas/flow.js';
import { CancelledError, reportError, TaskFailedError } from '../errors.js';
import type { Logger } from '../logger.js';
import { cancelledError, runAttempt } from './attempt.js';
import { ChildFailedError, childrenAt } from './children.js';
import { expressionScope } from './expression-scope.js';
import type { FlowContext, SharedDirectory } from './flow-context.js';
import type { FlowRun, Place } from './flow-run.js';
import { finished, type LiveTaskRun } from './history.js';
import { ExecutionPausedError, PauseCancelledError, pauseAt, placeName } from './pause.js';
import { withPluginDefaults } from './plugin-defaults.js';
import { type PreparedTask, prepareTask } from './prepare-task.js';
import { isTruthy, renderValue } from './render-value.js';
import { nextAttempt } from './retry.js';
import type { TaskResult } from './run-block.js';
import { contextAt, loggerFor, taskContext } from './task-context.js';

/** Runs one task to its end, retries included. Never rejects: a failure is in the result and in the task's run. */
export async function runTask(run: FlowRun, definition: TaskDefinition, place: Place): Promise<TaskResult> {
  const task = openTask(run, definition, place);
  const { record } = task;
  const before = run.options.ended?.[task.placeName];
  if (before !== undefined) return takeAsItWas(task, before);
  let error: unknown = null;
  try {
    if (await isSkipped(task)) return skip(task);
    task.prepared = await prepareTask(run, task.merged, definition, scopeBefore(task), task.logger);
    record.outputs = await runAttempts(task, task.prepared);
    place.outputs.set(definition.id, outputPath(place), record.outputs);
  } catch (thrown) {
    error = thrown;
    if (record.attempts === 0) start(task, 1);
  }
  record.state = endState(task, error);
  record.error = error === null || record.state === 'PAUSED' ? null : reportError(error);
  record.durationMs = run.clock().getTime() - task.startedAt.getTime();
  logEnd(task, error);
  emitEnd(task);
  return { taskId: definition.id, state: record.state, error };
}

interface OpenTask {
  readonly run: FlowRun;
  readonly place: Place;
  /** With plugin defaults. */
  readonly merged: TaskDefinition;
  readonly record: LiveTaskRun;
  /** Of the record in the history. */
  readonly position: number;
  readonly placeName: string;
  readonly runId: string;
  readonly startedAt: Date;
  readonly logger: Logger;
  readonly directory: SharedDirectory;
  prepared: PreparedTask | null;
  warned: boolean;
}

function openTask(run: FlowRun, definition: TaskDefinition, place: Place): OpenTask {
  const merged = withPluginDefaults(definition, run.pluginDefaults, run.registry);
  const startedAt = run.clock();
  const value = place.iteration?.value ?? place.item?.value;
  const record: LiveTaskRun = {
    taskId: definition.id,
    type: run.registry.canonical(definition.type),
    state: 'RUNNING',
    attempts: 0,
    startedAt: startedAt.toISOString(),
    durationMs: 0,
    ...(place.parent !== null && { parent: place.parent.id }),
    ...(value !== undefined && { value }),
    outputs: {},
    error: null,
  };
  const position = run.history.add(record);
  return {
    run,
    place,
    merged,
    record,
    position,
    placeName: placeName(definition.id, place),
    runId: randomUUID(),
    startedAt,
    logger: loggerFor(run, place, merged),
    directory: place.directory ?? run.directories.forTask(definition.id),
    prepared: null,
    warned: false,
  };
}

async function isSkipped(task: OpenTask): Promise<boolean> {
  const { disabled, runIf } = task.merged;
  if (isTruthy(await renderValue(disabled, scopeBefore(task), 'disabled'))) return true;
  if (runIf === undefined || runIf === null) return false;
  return !isTruthy(await renderValue(runIf, scopeBefore(task), 'runIf'));
}

function skip(task: OpenTask): TaskResult {
  task.record.state = 'SKIPPED';
  task.record.startedAt = null;
  task.logger.debug({}, 'task skipped');
  emitEnd(task);
  return { taskId: task.merged.id, state: 'SKIPPED', error: null };
}

/** A task that ended before the execution paused. */
function takeAsItWas(task: OpenTask, before: TaskRun): TaskResult {
  const { record, place } = task;
  Object.assign(record, before);
  if (before.state === 'SUCCESS' || before.state === 'WARNING')
    place.outputs.set(record.taskId, outputPath(place), before.outputs);
  emitEnd(task);
  const error = before.error === null ? null : new TaskFailedError(before.error.message);
  return { taskId: record.taskId, state: before.state, error };
}

function emitEnd({ run, record, position, placeName: place }: OpenTask): void {
  run.emit({ type: 'task-ended', position, place, run: finished(record) });
}

/** The outputs of the attempt that succeeds; the error of the last one otherwise. */
async function runAttempts(task: OpenTask, prepared: PreparedTask): Promise<Record<string, unknown>> {
  const { run, place } = task;
  const { retry } = prepared.core;
  for (let attempt = 1; ; attempt++) {
    start(task, attempt);
    try {
      const outputs = await attemptOnce(task, prepared, attempt);
      if (attempt > 1 && retry?.warningOnRetry) task.warned = true;
      return outputs;
    } catch (error) {
      if (error instanceof ExecutionPausedError) throw error;
      const elapsedMs = run.clock().getTime() - task.startedAt.getTime();
      const waitMs = place.signal.aborted
        ? null
        : nextAttempt(retry, { error, attempt, elapsedMs }, run.random);
      if (waitMs === null) throw error;
      const message = run.redactor.redact(reportError(error).message);
      task.logger.warn({ attempt, waitMs }, `attempt failed and is repeated: ${message}`);
      run.emit({ type: 'task-retried', taskId: task.merged.id, attempt, waitMs, message });
      await run.sleep(waitMs, place.signal).catch(() => {
        throw cancelledError(task.merged.id);
      });
    }
  }
}

async function attemptOnce(
  task: OpenTask,
  prepared: PreparedTask,
  attempt: number,
): Promise<Record<string, unknown>> {
  const { run, place } = task;
  let isFlowable = false;
  let isLive = true;
  const work = (signal: AbortSignal) => {
    const children = childrenAt(run, runTask, place, {
      definition: task.merged,
      signal,
      onStart: () => {
        isFlowable = true;
      },
      onWarning: () => {
        task.warned = true;
      },
    });
    return prepared.create().run(attemptContext(task, { signal, attempt, children, isLive: () => isLive }));
  };
  try {
    const outputs = await runAttempt(work, {
      taskId: task.merged.id,
      signal: place.signal,
      timeoutMs: prepared.core.timeout,
      graceMs: run.limits.graceMs,
      isFlowable: () => isFlowable,
      sleep: run.sleep,
    });
    return isRecord(outputs) ? outputs : {};
  } finally {
    isLive = false;
  }
}

function attemptContext(
  task: OpenTask,
  attempt: Pick<FlowContext, 'signal' | 'children'> & { attempt: number; isLive: () => boolean },
): FlowContext {
  return taskContext(task.run, task.place, {
    ...attempt,
    logger: task.logger,
    saving: task.prepared?.saving,
    pause: (request) =>
      pauseAt(task.run, task.place, {
        ...request,
        taskId: task.merged.id,
        timeoutMs: task.prepared?.core.timeout,
        signal: attempt.signal,
        onWarning: () => {
          task.warned = true;
        },
      }),
    task: {
      definition: task.merged,
      runId: task.runId,
      startedAt: task.startedAt,
      attemptsCount: attempt.attempt,
      directory: task.directory,
    },
  });
}

/** What `runIf` and the core properties see: what the task's first attempt will. */
function scopeBefore(task: OpenTask) {
  const { signal } = task.place;
  const { children } = contextAt(task.run, task.place);
  return expressionScope(attemptContext(task, { signal, attempt: 1, children, isLive: () => false }));
}

function start(task: OpenTask, attempt: number): void {
  const { taskId, type: taskType, value } = task.record;
  task.record.attempts = attempt;
  task.run.emit({ type: 'task-started', taskId, taskType, attempt, ...(value !== undefined && { value }) });
}

function endState(task: OpenTask, error: unknown): Exclude<RunState, 'SKIPPED'> {
  if (error instanceof ExecutionPausedError) return 'PAUSED';
  if (error instanceof PauseCancelledError) return 'CANCELLED';
  if (error instanceof CancelledError && task.place.signal.aborted) return 'CANCELLED';
  // A task that could not even be prepared may still say that its failure is no matter.
  const core: Pick<CoreProperties, 'allowFailure' | 'allowWarning'> = task.prepared?.core ?? {
    allowFailure: task.merged.allowFailure === true,
    allowWarning: task.merged.allowWarning === true,
  };
  if (error !== null && !core.allowFailure) return 'FAILED';
  return (error !== null || task.warned) && !core.allowWarning ? 'WARNING' : 'SUCCESS';
}

function logEnd(task: OpenTask, error: unknown): void {
  const { record, logger } = task;
  if (error === null || error instanceof ChildFailedError || record.state === 'PAUSED') {
    // The child said already why.
    logger.debug({ state: record.state, durationMs: record.durationMs }, 'task ended');
    return;
  }
  const { code, message, hint } = reportError(error);
  const fields = { code, ...(hint !== null && { hint }) };
  if (record.state === 'FAILED') logger.error({ event: 'task-failed', ...fields }, message);
  else logger.warn(fields, message);
  if (record.state === 'WARNING') task.run.history.addError(record.taskId, message);
  if (code === 'INTERNAL_ERROR' && error instanceof Error)
    logger.debug({ stack: error.stack }, 'stack of the error');
}

function outputPath(place: Place): readonly string[] {
  const value = place.iteration?.value;
  return value === undefined ? place.values : [...place.values, value];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
