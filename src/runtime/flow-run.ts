import type { TaskRun } from '../../schemas/execution.js';
import type { FlowDefinition, PluginDefault, TaskDefinition } from '../../schemas/flow.js';
import type { Git } from '../git/types.js';
import type { Logger } from '../logger.js';
import type { Redactor } from '../redaction.js';
import type { StorageAdapter } from '../storage/types.js';
import type { KeyValueSource, OutputFiles, RunContext, SecretSource } from './context.js';
import type { ExecutionEvent } from './execution-events.js';
import type { SharedDirectory } from './flow-context.js';
import type { ExecutionHistory } from './history.js';
import type { OutputTree } from './output-tree.js';
import type { PauseAnswer, PlacedPauseRequest } from './pause.js';
import type { TaskRegistry } from './registry.js';
import type { Sleep } from './sleep.js';
import type { WorkingDirectories } from './working-directory.js';

/** What executing a flow needs and may be given. */
export interface ExecuteOptions {
  registry: TaskRegistry;
  storage: StorageAdapter;
  git: Git;
  logger: Logger;
  secrets: SecretSource;
  outputFiles: OutputFiles;
  network?: RunContext['network'];
  /** Shared by a caller that redacts with it as well; otherwise the execution has its own. */
  redactor?: Redactor;
  keyValues?: KeyValueSource;
  /** Values by input id: typed, or texts as a command line has them; bytes for `FILE`. */
  inputs?: Readonly<Record<string, unknown>>;
  envs?: Readonly<Record<string, string>>;
  /** What the trigger knows, for `trigger.…`. */
  trigger?: Readonly<Record<string, unknown>>;
  revision?: number;
  executionId?: string;
  /** Directory that tasks share; by default each has a temporary one that goes at the end. */
  workingDirectory?: string;
  /** Cancels the execution: no further task starts, `finally` tasks do. */
  signal?: AbortSignal;
  /** Ends `finally` tasks too. */
  forceSignal?: AbortSignal;
  clock?: () => Date;
  sleep?: Sleep;
  random?: () => number;
  onEvent?: (event: ExecutionEvent) => void;
  /** Properties forced onto every task that has them. */
  overrides?: { dryRun?: true };
  /** Plans are to be saved: every task that can is run as a dry run, and looks at everything its plan depends on. */
  savesPlans?: boolean;
  /**
   * Waits for an answer at a pause, or throws `ExecutionPausedError` to leave the execution `PAUSED`. By default a pause
   * that has a duration is waited out.
   */
  pause?: (request: PlacedPauseRequest, signal: AbortSignal) => Promise<PauseAnswer>;
  /** Task runs of an execution that goes on after a pause, by place: they are taken as they are, and not run again. */
  ended?: Readonly<Record<string, TaskRun>>;
  /** Asked before the plan of a task is applied; what it rejects with fails the task before anything is written. */
  confirm?: RunContext['confirm'];
  limits?: Partial<ExecutionLimits>;
}

export interface ExecutionLimits {
  /** How deep flowable tasks may stand in each other. */
  maxDepth: number;
  /** How long an interrupted task may take to stop before it is left behind. */
  graceMs: number;
  /** How long `finally` tasks may take after a cancellation. */
  finallyMs: number;
}

/** What all tasks of one execution share. */
export interface FlowRun {
  readonly flow: FlowDefinition;
  readonly executionId: string;
  readonly startedAt: Date;
  readonly options: ExecuteOptions;
  readonly registry: TaskRegistry;
  readonly pluginDefaults: readonly PluginDefault[];
  readonly redactor: Redactor;
  /** Redacts. */
  readonly logger: Logger;
  readonly history: ExecutionHistory;
  readonly directories: WorkingDirectories;
  readonly limits: ExecutionLimits;
  readonly clock: () => Date;
  readonly sleep: Sleep;
  readonly random: () => number;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Redacts, and survives a listener that throws. */
  readonly emit: (event: ExecutionEvent) => void;
}

/** Where tasks run: what stands around them. Each flowable task makes a new place for its children. */
export interface Place {
  /** The flowable task around, null at the top. */
  readonly parent: TaskDefinition | null;
  readonly depth: number;
  readonly signal: AbortSignal;
  readonly outputs: OutputTree;
  /** `ForEach` values of the tasks around, outermost first. */
  readonly values: readonly string[];
  /** The iteration numbers around, outermost first, for names that are unique. */
  readonly iterations: readonly number[];
  /** What `parents` shows: the tasks around that have a value, the closest first. */
  readonly parents: readonly { taskrun: { value: string } }[];
  /** Set for the direct children of an iteration. */
  readonly iteration: { value: string | undefined; index: number } | null;
  readonly item: { value: unknown; index: number; key?: string } | null;
  /** The directory a `WorkingDirectory` task shares. */
  readonly directory: SharedDirectory | null;
  readonly executionState: string;
  /** In an `errors` block: what failed. */
  readonly error: { taskId: string; code: string; message: string } | null;
}
