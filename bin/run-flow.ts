import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Execution } from '../schemas/execution.js';
import type { FlowDefinition } from '../schemas/flow.js';
import { reportError } from '../src/errors.js';
import { createGit } from '../src/git/index.js';
import { executeFlow } from '../src/runtime/execute-flow.js';
import type { Arguments } from './command.js';
import { readFlowFile } from './flow-file.js';
import { readInputs } from './flow-inputs.js';
import { directoryOutputFiles } from './output-files.js';
import { type PlannedTask, PlannedTasks } from './planned-tasks.js';
import { pruneOutputs } from './prune-outputs.js';
import { createRegistry } from './registry.js';
import type { Session } from './session.js';
import { storageDirectory, withStorage } from './storage.js';
import { TaskStatus } from './terminal/task-status.js';
import { UsageError } from './usage-error.js';

/** What became of a flow file that was run or planned. */
export interface FlowOutcome {
  execution: Execution;
  plans: readonly PlannedTask[];
  dryRun: boolean;
}

/** Runs the flow in `file`. A failure before its first task is an execution that failed as well. */
export async function runFlow(
  session: Session,
  args: Arguments,
  options: { file: string; dryRun: boolean },
): Promise<FlowOutcome> {
  const { file, dryRun } = options;
  const planned = new PlannedTasks();
  const executionId = randomUUID();
  const startedAt = new Date();
  let flow: FlowDefinition | null = null;
  try {
    flow = await readFlowFile(session.io.cwd, file);
    const execution = await execute(session, args, { flow, executionId, dryRun, planned });
    await pruneOutputs(outputRoot(session, dryRun)).catch(async (error: unknown) => {
      (await session.logger()).debug({ err: error }, 'Output files of earlier runs could not be removed');
    });
    return { execution, plans: planned.list(), dryRun };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    (await session.logger()).debug({ err: error }, 'The flow could not be run');
    const execution = failedExecution(error, { executionId, startedAt, flow });
    return { execution, plans: planned.list(), dryRun };
  } finally {
    session.status.stop();
  }
}

interface Run {
  flow: FlowDefinition;
  executionId: string;
  dryRun: boolean;
  planned: PlannedTasks;
}

async function execute(session: Session, args: Arguments, run: Run): Promise<Execution> {
  const { settings, surroundings, redactor, io } = session;
  const inputs = await readInputs(args, run.flow, io.cwd);
  const logger = await session.logger();
  const status =
    settings.json || settings.quiet ? null : new TaskStatus(session.status, session.stderrColors);
  return withStorage(session, (storage) =>
    executeFlow(run.flow, {
      registry: createRegistry(),
      storage,
      git: createGit({ environment: gitEnvironment(surroundings.env) }),
      network: {
        proxy: settings.proxy,
        cacheDir: settings.cacheDir,
        cacheMaxBytes: settings.cacheMaxBytes,
      },
      logger,
      redactor,
      secrets: surroundings.secrets,
      envs: surroundings.envs,
      inputs,
      executionId: run.executionId,
      outputFiles: directoryOutputFiles(outputRoot(session, run.dryRun), run.executionId, redactor),
      ...(settings.workingDir !== null && { workingDirectory: settings.workingDir }),
      signal: io.signal,
      onEvent(event) {
        run.planned.onEvent(event);
        status?.onEvent(event);
      },
      ...(run.dryRun && { overrides: { dryRun: true } }),
    }),
  );
}

/** What git programs run for `file://` remotes with: where they are and how they are configured, and no secrets. */
function gitEnvironment(env: Readonly<Record<string, string | undefined>>) {
  const names = [
    'PATH',
    'HOME',
    'XDG_CONFIG_HOME',
    'GIT_EXEC_PATH',
    'GIT_CONFIG_GLOBAL',
    'GIT_CONFIG_NOSYSTEM',
  ];
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}

/** Beside the flows, where they are a directory that the run may write to; otherwise in the cache. */
function outputRoot({ settings, io }: Session, dryRun: boolean): string {
  const directory = dryRun ? null : storageDirectory(settings.storage, io.cwd);
  return directory === null ? join(settings.cacheDir, 'outputs') : join(directory, '.flowgit', 'outputs');
}

function failedExecution(
  error: unknown,
  run: { executionId: string; startedAt: Date; flow: FlowDefinition | null },
): Execution {
  const report = reportError(error);
  return {
    executionId: run.executionId,
    namespace: run.flow?.namespace ?? '',
    flowId: run.flow?.id ?? '',
    state: report.code === 'CANCELLED' ? 'CANCELLED' : 'FAILED',
    startedAt: run.startedAt.toISOString(),
    durationMs: Date.now() - run.startedAt.getTime(),
    inputs: {},
    outputs: {},
    taskRuns: [],
    error: report,
  };
}
