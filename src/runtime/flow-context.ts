import type { TaskDefinition } from '../../schemas/flow.js';
import { UnsupportedError } from '../errors.js';
import type { RunContext } from './context.js';
import type { ExpressionScope } from './expressions/index.js';
import type { PauseRequest } from './pause.js';

/**
 * The context of a task that runs inside a flow: beside what every task may touch, the door through which a flowable
 * task runs the tasks it holds, and what has happened so far.
 */
export interface FlowContext extends RunContext {
  readonly children: Children;
  readonly history: History;
  /** Makes the execution wait; resolves to what whoever resumed it gave. */
  readonly pause: (request: PauseRequest) => Promise<Readonly<Record<string, unknown>>>;
}

export interface Children {
  /**
   * Runs every branch, then `errors` when one failed, then `finally`. Resolves when all of it has ended.
   * @throws TaskFailedError when a child failed and `allowFailure` is not set
   * @throws CancelledError when the run was cancelled
   */
  run(branches: readonly Branch[], options?: BranchOptions): Promise<void>;
  /** A fresh directory for the children to share. */
  separateDirectory(): SharedDirectory;
}

/** Tasks that run one after the other. */
export interface Branch {
  tasks: readonly TaskDefinition[];
  /** The iteration's value as `taskrun.value` shows it; outputs of the branch's tasks are kept under it. */
  value?: string;
  /** The iteration's number, from 0. */
  iteration?: number;
  /** Makes the branch a context of its own: it sees the outputs around it, and its own stay inside. */
  item?: { value: unknown; index: number; key?: string };
  /** Called when the branch's tasks have ended well, to take something out of it. */
  collect?: (scope: ExpressionScope) => Promise<void>;
}

export interface BranchOptions {
  /** Branches that run at once; 0 means all. */
  concurrencyLimit?: number;
  errors?: readonly TaskDefinition[] | undefined;
  finally?: readonly TaskDefinition[] | undefined;
  /** A child's failure leaves a warning instead. */
  allowFailure?: boolean;
  /** The directory the children share. */
  workingDirectory?: SharedDirectory;
}

export interface SharedDirectory {
  /** Absolute; known before the directory exists. */
  readonly location: string;
  path(): Promise<string>;
}

/** What functions such as `errorLogs()` read. */
export interface History {
  errorLogs(): ErrorLog[];
  tasksWithState(state: string): { taskId: string; value?: unknown }[];
}

/** One error line of a task, redacted. */
export interface ErrorLog {
  taskId: string;
  level: 'ERROR';
  message: string;
  timestamp: string;
}

/** Whether a flow run made this context. */
export function isFlowContext(context: RunContext): context is FlowContext {
  return 'children' in context;
}

/**
 * The door to a flowable task's children.
 * @throws UnsupportedError outside of a flow
 */
export function childrenOf(context: RunContext): Children {
  if (isFlowContext(context)) return context.children;
  throw new UnsupportedError('A task that holds other tasks runs only inside a flow.', {
    hint: 'Run it with executeFlow.',
  });
}
