/**
 * flowgit: git tasks for workflow engines.
 *
 * A task is a class with declarative properties. Run one from a program with
 * `await new SyncFlows({ url, targetNamespace }).run(createRunContext({ storage }))`, or run a whole flow with
 * `executeFlow`. Storage adapters are in `flowgit/storage`, the git engine in `flowgit/git`, and what an adapter's author
 * needs for tests in `flowgit/testing`.
 *
 * @module
 */
import { Clone } from './clone.js';
import { coreTasks } from './core/index.js';
import { PushFlows } from './push-flows.js';
import { PushNamespaceFiles } from './push-namespace-files.js';
import { SyncFlows } from './sync-flows.js';
import { SyncNamespaceFiles } from './sync-namespace-files.js';

/** The git tasks of this package. Adding a task is one file and one line here. */
export const gitTasks = [SyncFlows, SyncNamespaceFiles, PushFlows, PushNamespaceFiles, Clone] as const;

/** Everything a flow may use: the git tasks and the engine's own. */
export const allTasks = [...gitTasks, ...coreTasks] as const;

export type { ErrorCode, ErrorReport } from '../schemas/error-codes.js';
export type { Execution, RunState, TaskRun } from '../schemas/execution.js';
export type { FlowDefinition } from '../schemas/flow.js';
export type {
  ChangeState,
  PlanChange,
  PlanDocument,
  PlanEndpoint,
  PlanSummary,
} from '../schemas/plan.js';
export type { ResourceKey, ResourceKind } from '../schemas/resources.js';
export type { SavedPlan, SavedTask } from '../schemas/saved-plan.js';
export * from '../src/errors.js';
export { type Logger, silentLogger } from '../src/logger.js';
export type { Plan } from '../src/plan/plan.js';
export { Redactor } from '../src/redaction.js';
export { type FlowInspection, type FlowProblem, inspectFlow } from '../src/resources/lazy-inspect-flow.js';
export type {
  KeyValueSource,
  OutputFiles,
  ProgressEvent,
  RunContext,
  RunIdentity,
  SecretSource,
  WorkingDirectory,
} from '../src/runtime/context.js';
export {
  createRunContext,
  memoryOutputFiles,
  type RunContextOptions,
} from '../src/runtime/create-context.js';
export type { ExecutionEvent } from '../src/runtime/execution-events.js';
export { type ExecuteOptions, executeFlow } from '../src/runtime/lazy-execute-flow.js';
export { TaskRegistry } from '../src/runtime/registry.js';
export { type AppliedTask, apply, checkPlan } from '../src/runtime/saved-plan/index.js';
export { Task, type TaskExample, type TaskType } from '../src/runtime/task.js';
export * from './core/index.js';
export { Clone, PushFlows, PushNamespaceFiles, SyncFlows, SyncNamespaceFiles };
