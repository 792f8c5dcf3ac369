import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Execution } from '../schemas/execution.js';
import type { FlowDefinition } from '../schemas/flow.js';
import type { SavedPlan } from '../schemas/saved-plan.js';
import { reportError } from '../src/errors.js';
import { createGit } from '../src/git/index.js';
import { executeFlow } from '../src/runtime/execute-flow.js';
import type { StorageAdapter } from '../src/storage/types.js';
import type { Arguments } from './command.js';
import { readFlowFile } from './flow-file.js';
import { readInputs } from './flow-inputs.js';
import { gitEnvironment } from './git-environment.js';
import { confirmDeletes } from './options.js';
import { directoryOutputFiles } from './output-files.js';
import { type PlannedTask, PlannedTasks } from './planned-tasks.js';
import { pruneOutputs } from './prune-outputs.js';
import { createRegistry } from './registry.js';
import type { Session } from './session.js';
import { storageDirectory, withStorage } from './storage.js';
import { runSecrets } from './stored-secrets.js';
import { TaskStatus } from './terminal/task-status.js';
import { UsageError } from './usage-error.js';

/** What became of a flow file that was run or planned. */
export interface FlowOutcome {
  execution: Execution;
  plans: readonly PlannedTask[];
  dryRun: boolean;
  /** The plans as one document, when that was asked for and the flow could be planned. */
  saved: SavedPlan | null;
}

export interface RunFlowOptions {
  /** A file, or a flow that a command made. */
  flow: string | FlowDefinition;
  dryRun: boolean;
  /** Make the plans fit to be saved; nothing is written then. */
  savesPlans?: boolean;
}

/** Runs a flow. A failure before its first task is an execution that failed as well. */
export async function runFlow(
  session: Session,
  args: Arguments,
  { flow: given, dryRun, savesPlans = false }: RunFlowOptions,
): Promise<FlowOutcome> {
  const planned = new PlannedTasks();
  const executionId = randomUUID();
  const startedAt = new Date();
  let flow: FlowDefinition | null = null;
  try {
    flow = typeof given === 'string' ? await readFlowFile(session.io.cwd, given) : given;
    const run = { flow, executionId, dryRun, planned, savesPlans };
    const { execution, saved } = await execute(session, args, run);
    await pruneOutputs(outputRoot(session, dryRun)).catch(async (error: unknown) => {
      (await session.logger()).debug({ err: error }, 'Output files of earlier runs could not be removed');
    });
    return { execution, plans: planned.list(), dryRun, saved };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    (await session.logger()).debug({ err: error }, 'The flow could not be run');
    const execution = failedExecution(error, { executionId, startedAt, flow });
    return { execution, plans: planned.list(), dryRun, saved: null };
  } finally {
    session.status.stop();
  }
}

interface Run {
  flow: FlowDefinition;
  executionId: string;
  dryRun: boolean;
  planned: PlannedTasks;
  savesPlans: boolean;
}

async function execute(
  session: Session,
  args: Arguments,
  run: Run,
): Promise<Pick<FlowOutcome, 'execution' | 'saved'>> {
  const { settings, surroundings, redactor, io } = session;
  const inputs = await readInputs(args, run.flow, io.cwd);
  const logger = await session.logger();
  const status =
    settings.json || settings.quiet ? null : new TaskStatus(session.status, session.stderrColors);
  const confirm = args.switches.has(confirmDeletes.name) ? await deletionsConfirmedOn(session) : undefined;
  const pause = await pausesAskedOn(session);
  return withStorage(session, async (storage) => {
    const execution = await executeFlow(run.flow, {
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
      secrets: runSecrets(session, storage),
      envs: surroundings.envs,
      inputs,
      executionId: run.executionId,
      outputFiles: directoryOutputFiles(outputRoot(session, run.dryRun), run.executionId, redactor, logger),
      ...(settings.workingDir !== null && { workingDirectory: settings.workingDir }),
      signal: io.signal,
      onEvent(event) {
        run.planned.onEvent(event);
        status?.onEvent(event);
      },
      ...(run.dryRun && { overrides: { dryRun: true } }),
      savesPlans: run.savesPlans,
      confirm,
      ...(pause !== null && { pause }),
    });
    const isPlanned = run.savesPlans && (execution.state === 'SUCCESS' || execution.state === 'WARNING');
    return { execution, saved: isPlanned ? await save(session, run, storage) : null };
  });
}

async function save(session: Session, { flow, planned }: Run, storage: StorageAdapter): Promise<SavedPlan> {
  const [{ savePlan }, { planContext }] = await Promise.all([
    import('../src/runtime/saved-plan/save-plan.js'),
    import('./plan-context.js'),
  ]);
  // A task may be allowed to fail; what it had planned until then is no plan of it.
  const succeeded = planned.list().filter(({ run }) => run !== null && run.error === null);
  return savePlan(await planContext(session, storage), succeeded, flow);
}

/** Without a terminal, pauses are waited out. */
async function pausesAskedOn(session: Session) {
  const { stdin, stderr } = session.io;
  if (stdin.isTTY !== true || stderr.isTTY !== true) return null;
  const { askToResume } = await import('./terminal/ask-to-resume.js');
  return askToResume(session);
}

async function deletionsConfirmedOn(session: Session) {
  const { askForDeletions } = await import('./terminal/ask-for-deletions.js');
  return askForDeletions(session);
}

/** Beside the flows, where they are a directory that the run may write to; otherwise in the cache. */
export function outputRoot({ settings, io }: Session, dryRun: boolean): string {
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
