import type { TaskRun } from '../../schemas/execution.js';
import type { PlanDocument } from '../../schemas/plan.js';
import { reportError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { ExecutionEvent } from '../runtime/execution-events.js';
import type { ExecutionStore, NewLogLine } from './types.js';

export interface Recorder {
  /** Keeps every line, and hands it on. */
  readonly logger: Logger;
  onEvent(event: ExecutionEvent): void;
  /** The tasks that have ended and hold no others, by place. */
  ended(): Record<string, TaskRun>;
  /** Resolves when everything so far is in the store. @throws the first error that writing met */
  flush(): Promise<void>;
}

export interface RecorderOptions {
  store: ExecutionStore;
  executionId: string;
  /** Where lines go as well. */
  logger: Logger;
  /** What is left of a plan when it is kept. */
  redactPlan: (plan: PlanDocument) => PlanDocument;
  /** Once this is aborted for a reason other than a cancellation, nothing more is recorded: the run is another's. */
  isOver: () => boolean;
}

/** Lines are written together that come within this time. */
const linesMs = 150;
const maxLines = 500;

/** Keeps what a run says and does while it runs, in its order and without holding it up. */
export function recordExecution({
  store,
  executionId,
  logger,
  redactPlan,
  isOver,
}: RecorderOptions): Recorder {
  const ended = new Map<string, TaskRun>();
  const parents = new Set<string>();
  let lines: NewLogLine[] = [];
  let timer: NodeJS.Timeout | null = null;
  let writing: Promise<void> = Promise.resolve();
  let failure: Error | null = null;

  const write = (work: () => Promise<void>): void => {
    writing = writing.then(async () => {
      if (failure !== null || isOver()) return;
      await work().catch((error: unknown) => {
        failure = error instanceof Error ? error : new Error(String(error));
        logger.error({ executionId, error: reportError(error) }, 'an execution could not be recorded');
      });
    });
  };
  const writeLines = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    const batch = lines;
    lines = [];
    if (batch.length > 0) write(() => store.appendLogs(executionId, batch));
  };
  const add = (line: NewLogLine): void => {
    lines.push(line);
    if (lines.length >= maxLines) writeLines();
    else timer ??= setTimeout(writeLines, linesMs);
  };

  return {
    logger: keepingLogger(logger, {}, add),
    onEvent(event) {
      if (event.type === 'task-ended') {
        const { position, place, run } = event;
        if (run.parent !== undefined) parents.add(run.parent);
        if (run.state !== 'PAUSED' && run.state !== 'CANCELLED') ended.set(place, run);
        write(() => store.putTaskRun(executionId, position, run));
      } else if (event.type === 'task-planned') {
        const { taskId } = event;
        const plan = redactPlan(changesOnly(event.plan.document));
        write(() => store.putPlan(executionId, { taskId, plan }));
      }
    },
    ended: () => Object.fromEntries([...ended].filter(([, { taskId }]) => !parents.has(taskId))),
    async flush() {
      writeLines();
      await writing;
      if (failure !== null) throw failure;
    },
  };
}

/** What stays as it is would be most of a large plan; the summary counts it. */
function changesOnly(plan: PlanDocument): PlanDocument {
  return { ...plan, changes: plan.changes.filter(({ state }) => state !== 'UNCHANGED') };
}

function keepingLogger(
  target: Logger,
  bound: Readonly<Record<string, unknown>>,
  add: (line: NewLogLine) => void,
): Logger {
  const keep = (level: 'debug' | 'info' | 'warn' | 'error') => (fields: object, message: string) => {
    target[level](fields, message);
    const { executionId: _, taskId, ...rest } = { ...bound, ...fields } as Record<string, unknown>;
    add({
      taskId: typeof taskId === 'string' ? taskId : null,
      level,
      message,
      fields: rest,
      at: new Date(),
    });
  };
  return {
    debug: keep('debug'),
    info: keep('info'),
    warn: keep('warn'),
    error: keep('error'),
    child: (fields) => keepingLogger(target.child(fields), { ...bound, ...fields }, add),
  };
}
