import { CancelledError, FlowgitError, TaskFailedError, UnsupportedError } from '../errors.js';
import type { RunContext } from './context.js';
import { isFlowContext } from './flow-context.js';
import type { FlowRun, Place } from './flow-run.js';

/** What becomes of a run when nobody resumed it in time. */
export const pauseBehaviors = ['RESUME', 'WARN', 'CANCEL', 'FAIL'] as const;
export type PauseBehavior = (typeof pauseBehaviors)[number];

/** A task asks that its execution waits. */
export interface PauseRequest {
  /** How long, in milliseconds; null waits for somebody. */
  durationMs: number | null;
  behavior: PauseBehavior;
  /** Inputs that whoever resumes it gives: definitions as in a flow. */
  onResume: readonly Readonly<Record<string, unknown>>[];
}

/** The same with where it stands. */
export interface PlacedPauseRequest extends PauseRequest {
  /** The task and the iterations around it: unique in the execution. */
  place: string;
  taskId: string;
}

export interface PauseAnswer {
  behavior: PauseBehavior;
  onResume: Readonly<Record<string, unknown>>;
}

/** Unwinds an execution that goes on later, perhaps in another process. No `errors` or `finally` tasks run. */
export class ExecutionPausedError extends FlowgitError {
  readonly code = 'UNSUPPORTED';
}

/** Nobody resumed the execution in time, and it is to be cancelled then. */
export class PauseCancelledError extends CancelledError {}

/** Waits, in whatever way the execution's surroundings have. Dry runs do not. */
export async function pauseAt(
  run: FlowRun,
  place: Place,
  request: PauseRequest & {
    taskId: string;
    timeoutMs: number | undefined;
    signal: AbortSignal;
    onWarning(): void;
  },
): Promise<Readonly<Record<string, unknown>>> {
  const { options } = run;
  if (options.savesPlans === true || options.overrides?.dryRun === true) return {};
  const { taskId, timeoutMs, signal, onWarning, ...rest } = request;
  const isTimeout = timeoutMs !== undefined && timeoutMs < (rest.durationMs ?? Number.POSITIVE_INFINITY);
  const placed = {
    ...rest,
    ...(isTimeout && { durationMs: timeoutMs, behavior: 'FAIL' as const }),
    place: placeName(taskId, place),
    taskId,
  };
  const { behavior, onResume } = await (options.pause?.(placed, signal) ?? waitHere(run, placed, signal));
  if (behavior === 'FAIL') throw new TaskFailedError(`Nobody resumed the execution at "${taskId}" in time.`);
  if (behavior === 'CANCEL') throw new PauseCancelledError(`Nobody resumed the execution at "${taskId}".`);
  if (behavior === 'WARN') onWarning();
  return onResume;
}

async function waitHere(
  run: FlowRun,
  { taskId, durationMs, behavior }: PlacedPauseRequest,
  signal: AbortSignal,
): Promise<PauseAnswer> {
  if (durationMs === null) {
    throw new UnsupportedError(`The task "${taskId}" waits for somebody to resume the execution.`, {
      hint: 'Run the flow on a server, on a terminal, or give the pause a "pauseDuration".',
    });
  }
  await run.sleep(durationMs, signal);
  return { behavior, onResume: {} };
}

/** Where a task runs, as one text: its id, and the iterations around it. */
export function placeName(taskId: string, place: Place): string {
  const numbers = [...place.iterations, ...(place.iteration === null ? [] : [place.iteration.index])];
  return [taskId, ...(numbers.length > 0 ? [numbers.join('.')] : [])].join('/');
}

/**
 * The door through which a task makes its execution wait.
 * @throws UnsupportedError outside of a flow
 */
export function pauseOf(
  context: RunContext,
): (request: PauseRequest) => Promise<Readonly<Record<string, unknown>>> {
  if (isFlowContext(context)) return context.pause;
  throw new UnsupportedError('A pause makes sense only inside a flow.', { hint: 'Run it with executeFlow.' });
}
