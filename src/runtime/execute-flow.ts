import { randomUUID } from 'node:crypto';
import type { ErrorReport } from '../../schemas/error-codes.js';
import type { Execution } from '../../schemas/execution.js';
import type { FlowDefinition } from '../../schemas/flow.js';
import { reportError } from '../errors.js';
import { Redactor } from '../redaction.js';
import { following } from './abort.js';
import { expressionScope } from './expression-scope.js';
import { flowOutputs } from './flow-outputs.js';
import type { ExecuteOptions, FlowRun, Place } from './flow-run.js';
import { ExecutionHistory } from './history.js';
import { resolveInputs } from './inputs.js';
import { openFlow } from './open-flow.js';
import { OutputTree } from './output-tree.js';
import { pluginDefaultsOf } from './plugin-defaults.js';
import { type BlockResult, runBlock } from './run-block.js';
import { runTask } from './run-task.js';
import { sleep } from './sleep.js';
import { contextAt } from './task-context.js';
import { taskLogger } from './task-logger.js';
import { WorkingDirectories } from './working-directory.js';
import { registerWrittenSecrets } from './written-secrets.js';

export type { ExecuteOptions } from './flow-run.js';

const defaultLimits = { maxDepth: 50, graceMs: 5_000, finallyMs: 60_000 };

/**
 * Executes a flow, given as its definition or its YAML source. Never rejects: what failed, a flow that cannot even
 * start included, is in the execution. The execution and all events are redacted.
 */
export async function executeFlow(
  flow: FlowDefinition | string,
  options: ExecuteOptions,
): Promise<Execution> {
  const start = begin(options);
  const opened = openFlow(flow);
  start.emit({
    type: 'execution-started',
    executionId: start.executionId,
    namespace: opened.namespace,
    flowId: opened.id,
  });
  const result =
    opened.definition === null ? notStarted(opened.error) : await execute(start, opened.definition);
  const execution: Execution = start.redactor.redactValue({
    executionId: start.executionId,
    namespace: opened.namespace,
    flowId: opened.id,
    state: result.state,
    startedAt: start.startedAt.toISOString(),
    durationMs: start.clock().getTime() - start.startedAt.getTime(),
    inputs: result.inputs,
    outputs: result.outputs,
    taskRuns: start.history.taskRuns(),
    error: result.error,
  });
  start.emit({ type: 'execution-ended', execution });
  return execution;
}

/** A run before its flow is known. */
type Beginning = Omit<FlowRun, 'flow' | 'pluginDefaults' | 'inputs'>;

type Result = Pick<Execution, 'state' | 'inputs' | 'outputs' | 'error'>;

function begin(options: ExecuteOptions): Beginning {
  const redactor = options.redactor ?? new Redactor();
  const clock = options.clock ?? (() => new Date());
  const executionId = options.executionId ?? randomUUID();
  const logger = taskLogger(options.logger.child({ executionId }), { redactor });
  return {
    executionId,
    startedAt: clock(),
    options,
    registry: options.registry,
    redactor,
    logger,
    history: new ExecutionHistory(redactor, clock),
    directories: new WorkingDirectories(options.workingDirectory),
    limits: { ...defaultLimits, ...options.limits },
    clock,
    sleep: options.sleep ?? sleep,
    random: options.random ?? Math.random,
    emit(event) {
      try {
        // A plan is an object with doors of its own; whoever opens them redacts what comes out.
        options.onEvent?.(event.type === 'task-planned' ? event : redactor.redactValue(event));
      } catch (error) {
        logger.warn({ event: event.type, error: reportError(error).message }, 'a listener of events failed');
      }
    },
  };
}

async function execute(start: Beginning, flow: FlowDefinition): Promise<Result> {
  registerWrittenSecrets(flow, start.registry, start.redactor);
  const cancellation = following(start.options.signal);
  const place = topPlace(cancellation.signal);
  let run: FlowRun = { ...start, flow, pluginDefaults: pluginDefaultsOf(flow), inputs: {} };
  try {
    run = { ...run, inputs: await inputsOf(run, place) };
    // Kestra restarts a whole execution by it; here whoever started the flow decides.
    if (flow.retry !== undefined)
      run.logger.debug({}, 'the retry of the flow is passed over: only tasks are retried');
    const ended = await runBlock(run, runTask, mainBlock(flow), place);
    return await resultOf(run, { ...place, executionState: ended.state }, ended);
  } catch (error) {
    const report = reportError(error);
    run.logger.error({ event: 'execution-failed', code: report.code }, report.message);
    return { ...notStarted(report), inputs: { ...run.inputs } };
  } finally {
    cancellation.release();
    await start.directories.remove().catch((error: unknown) => {
      run.logger.warn({ error: reportError(error).message }, 'the temporary directory could not be removed');
    });
  }
}

function inputsOf(run: FlowRun, place: Place): Promise<Record<string, unknown>> {
  return resolveInputs(run.flow.inputs ?? [], run.options.inputs ?? {}, {
    flowId: run.flow.id,
    scope: (inputs) => expressionScope(contextAt({ ...run, inputs }, place)),
    redactor: run.redactor,
    outputFiles: run.options.outputFiles,
  });
}

function mainBlock(flow: FlowDefinition) {
  return {
    branches: [{ tasks: flow.tasks }],
    concurrencyLimit: 1,
    errors: flow.errors ?? [],
    finally: [...(flow.finally ?? []), ...(flow._finally ?? [])],
  };
}

async function resultOf(run: FlowRun, place: Place, { state }: BlockResult): Promise<Result> {
  const inputs = { ...run.inputs };
  if (state === 'FAILED' || state === 'CANCELLED' || state === 'PAUSED')
    return { state, inputs, outputs: {}, error: null };
  const outputs = await flowOutputs(run.flow, expressionScope(contextAt(run, place)));
  return { state, inputs, outputs, error: null };
}

function notStarted(error: ErrorReport | null): Result {
  return { state: 'FAILED', inputs: {}, outputs: {}, error };
}

function topPlace(signal: AbortSignal): Place {
  return {
    parent: null,
    depth: 0,
    signal,
    outputs: new OutputTree(),
    values: [],
    iterations: [],
    parents: [],
    iteration: null,
    item: null,
    directory: null,
    executionState: 'RUNNING',
    error: null,
  };
}
