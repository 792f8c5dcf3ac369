import type { TaskDefinition } from '../../schemas/flow.js';
import type { Logger } from '../logger.js';
import type { OutputFiles, PlanSaving, RunContext } from './context.js';
import type { Children, FlowContext } from './flow-context.js';
import type { FlowRun, Place } from './flow-run.js';
import { placeName } from './pause.js';
import { taskLogger } from './task-logger.js';
import { unfollowed } from './unfollowed.js';
import { type VariablesTask, variablesAt } from './variables.js';

export interface TaskContextOptions {
  task: VariablesTask;
  logger: Logger;
  signal: AbortSignal;
  children: Children;
  saving: PlanSaving | undefined;
  pause: FlowContext['pause'];
  /** False once the attempt is over: a task that was left behind is not heard any more. */
  isLive: () => boolean;
}

/** The context of one attempt of a task at its place in the flow. */
export function taskContext(run: FlowRun, place: Place, options: TaskContextOptions): FlowContext {
  const { task, isLive } = options;
  const taskId = task.definition.id;
  return Object.freeze({
    ...contextAt(run, place, options.signal),
    logger: options.logger,
    variables: Object.freeze(variablesAt(run, place, task)),
    workingDirectory: task.directory,
    outputFiles: namedFor(run.options.outputFiles, placeName(taskId, place)),
    progress: (progress) => {
      if (isLive()) run.emit({ type: 'task-progress', taskId, progress: { ...progress, taskId } });
    },
    onPlan: (plan) => {
      if (isLive()) run.emit({ type: 'task-planned', taskId, plan });
    },
    identity: { namespace: run.flow.namespace, flowId: run.flow.id, executionId: run.executionId, taskId },
    children: options.children,
    pause: options.pause,
    confirm: run.options.confirm,
    saving: options.saving,
  } satisfies FlowContext);
}

/** The context for rendering something that belongs to no task: inputs, the flow's outputs, what a loop collects. */
export function contextAt(run: FlowRun, place: Place, signal: AbortSignal = place.signal): FlowContext {
  const { options } = run;
  return {
    storage: options.storage,
    git: options.git,
    network: options.network ?? {},
    logger: run.logger,
    redactor: run.redactor,
    secrets: options.secrets,
    variables: variablesAt(run, place),
    workingDirectory: place.directory ?? run.directories.forTask('flow'),
    outputFiles: options.outputFiles,
    keyValues: options.keyValues,
    signal,
    clock: run.clock,
    progress: unfollowed,
    onPlan: () => {},
    identity: { namespace: run.flow.namespace, flowId: run.flow.id, executionId: run.executionId },
    children: noChildren,
    pause: noPause,
    history: run.history,
  };
}

/** A logger that names the task, keeps what is secret to itself and remembers errors for `errorLogs()`. */
export function loggerFor(run: FlowRun, place: Place, task: TaskDefinition): Logger {
  const value = place.iteration?.value;
  const fields = { taskId: task.id, ...(value !== undefined && { value }) };
  return taskLogger(
    run.options.logger.child({ executionId: run.executionId, ...run.redactor.redactValue(fields) }),
    {
      redactor: run.redactor,
      level: typeof task.logLevel === 'string' ? task.logLevel : undefined,
      onError: (message) => run.history.addError(task.id, message),
    },
  );
}

const noChildren: Children = {
  run: async () => {
    throw new Error('only a task runs others');
  },
  separateDirectory() {
    throw new Error('only a task has children');
  },
};

async function noPause(): Promise<never> {
  throw new Error('only a task pauses');
}

/** Two tasks may write files of the same name; so may two iterations of one task. */
function namedFor(files: OutputFiles, prefix: string): RunContext['outputFiles'] {
  return {
    write: (name, content, options) => files.write(`${prefix}/${name}`, content, options),
    read: (uri) => files.read(uri),
  };
}
