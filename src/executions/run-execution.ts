import type { Execution } from '../../schemas/execution.js';
import { CancelledError, FlowgitError, LeaseLostError, reportError } from '../errors.js';
import type { Git } from '../git/types.js';
import type { Logger } from '../logger.js';
import { WorkerStoppedError } from '../queue/held-run.js';
import type { Lease, RunRequest } from '../queue/types.js';
import { Redactor } from '../redaction.js';
import type { OutputFiles, RunContext, SecretSource } from '../runtime/context.js';
import { executeFlow } from '../runtime/execute-flow.js';
import type { ExecutionEvent } from '../runtime/execution-events.js';
import { ExecutionPausedError, type PauseAnswer, type PlacedPauseRequest } from '../runtime/pause.js';
import type { TaskRegistry } from '../runtime/registry.js';
import type { StorageAdapter } from '../storage/types.js';
import { type EngineStorage, fencedStorage } from './fenced-storage.js';
import { loadFlow } from './load-flow.js';
import { recordExecution } from './recorder.js';
import { updateExecution } from './store.js';
import type { Checkpoint, ExecutionChange, ExecutionRecord, ExecutionStore, Waiting } from './types.js';

/** What carrying executions out takes, beside their records. */
export interface RunSurroundings {
  registry: TaskRegistry;
  git: Git;
  secrets: SecretSource;
  logger: Logger;
  network?: RunContext['network'];
  envs?: Readonly<Record<string, string>> | undefined;
  outputFiles(executionId: string, redactor: Redactor): OutputFiles;
  /** Makes a listener for what one execution tells: for metrics and spans. */
  observe?: (() => (event: ExecutionEvent) => void) | undefined;
}

export interface ExecutionRunner {
  /**
   * Carries a queued execution out, from its first task or its last pause: one that was begun before as well, since tasks
   * converge. Resolves to when a paused one goes on by itself.
   */
  run(request: RunRequest, lease: Lease): Promise<Date | null>;
  /** Ends an execution that cannot be carried out. */
  onGivenUp(request: RunRequest, error: unknown): Promise<void>;
}

export function createRunner(
  engine: EngineStorage,
  store: ExecutionStore,
  surroundings: RunSurroundings,
): ExecutionRunner {
  return {
    async run({ executionId, exclusiveKeys }, lease) {
      const record = await store.get(executionId);
      // Ended by the worker before, between its last write and the end of its lease.
      if (record === null || record.endedAt !== null) return null;
      const waiting = record.state === 'PAUSED' ? (record.checkpoint?.waiting ?? null) : null;
      if (waiting !== null && !isDue(waiting)) return dateOf(waiting.until);
      return new Run(engine, store, surroundings, { ...record, checkpoint: goingOn(record) }, lease).carryOut(
        exclusiveKeys,
      );
    },
    async onGivenUp({ executionId }, error) {
      await store.update(executionId, { state: 'FAILED', error: reportError(error), endedAt: new Date() });
    },
  };
}

/** One try of one worker at an execution. */
class Run {
  readonly #engine: EngineStorage;
  readonly #store: ExecutionStore;
  readonly #in: RunSurroundings;
  readonly #record: ExecutionRecord;
  readonly #lease: Lease;
  readonly #redactor = new Redactor();
  #waiting: Waiting | null = null;
  readonly #storage: StorageAdapter;

  constructor(
    engine: EngineStorage,
    store: ExecutionStore,
    surroundings: RunSurroundings,
    record: ExecutionRecord,
    lease: Lease,
  ) {
    this.#engine = engine;
    this.#store = store;
    this.#in = surroundings;
    this.#record = record;
    this.#lease = lease;
    this.#storage = fencedStorage(engine, lease);
  }

  async carryOut(exclusiveKeys: readonly string[]): Promise<Date | null> {
    const { id, startedAt, checkpoint } = this.#record;
    const recorder = recordExecution({
      store: this.#store,
      executionId: id,
      logger: this.#in.logger.child({ executionId: id }),
      redactPlan: (plan) => this.#redactor.redactValue(plan),
      isOver: () => this.#isInterrupted(),
    });
    await this.#write({ state: 'RUNNING', startedAt: startedAt ?? new Date(), checkpoint });
    if (this.#lease.attempt > 1) {
      recorder.logger.warn({ attempt: this.#lease.attempt }, 'begun again: its worker was lost, or failed');
    }
    if (this.#lease.attempt > 1 || checkpoint !== null) await this.#store.restart(id);
    const change = await this.#execute(recorder).catch((error: unknown): ExecutionChange => {
      // What may be otherwise in a moment is tried again.
      if (!(error instanceof FlowgitError) || error.retryable) throw error;
      return { state: 'FAILED', error: reportError(error) };
    });
    await this.#throwIfInterrupted();
    await recorder.flush();
    if (change.state !== 'PAUSED') {
      await this.#write({ ...change, endedAt: new Date() });
      return null;
    }
    const waiting = this.#waiting;
    const answers = checkpoint?.answers ?? {};
    await this.#write({
      ...change,
      checkpoint: { waiting, answers, ended: recorder.ended(), exclusiveKeys },
    });
    return dateOf(waiting?.until ?? null);
  }

  /** The answer that was given at this pause, or leaves the execution there. */
  async #pause(request: PlacedPauseRequest): Promise<PauseAnswer> {
    const { place, taskId, durationMs, behavior, onResume } = request;
    const answer = this.#record.checkpoint?.answers[place];
    if (answer !== undefined) return answer;
    const now = Date.now();
    const until = durationMs === null ? null : new Date(now + durationMs).toISOString();
    // Of several at once, the others are asked for when the first is answered.
    this.#waiting ??= { place, taskId, since: new Date(now).toISOString(), until, behavior, onResume };
    throw new ExecutionPausedError(`The execution waits at "${taskId}".`);
  }

  async #execute({ logger, onEvent }: ReturnType<typeof recordExecution>): Promise<ExecutionChange> {
    const { id, inputs, trigger, checkpoint } = this.#record;
    const { source, revision } = await loadFlow(this.#storage, this.#record, logger);
    const { registry, git, secrets, network, envs } = this.#in;
    const observed = this.#in.observe?.();
    const force = new AbortController();
    const onAbort = () => {
      // Tasks of `finally` are for runs that end here.
      if (this.#isInterrupted()) force.abort(this.#lease.signal.reason);
    };
    if (this.#lease.signal.aborted) onAbort();
    this.#lease.signal.addEventListener('abort', onAbort, { once: true });
    const execution = await executeFlow(source, {
      registry,
      storage: this.#storage,
      git,
      secrets,
      logger,
      redactor: this.#redactor,
      outputFiles: this.#in.outputFiles(id, this.#redactor),
      ...(network !== undefined && { network }),
      ...(envs !== undefined && { envs }),
      inputs,
      trigger: trigger.variables,
      revision,
      executionId: id,
      signal: this.#lease.signal,
      forceSignal: force.signal,
      pause: (request) => this.#pause(request),
      ...(checkpoint !== null && { ended: checkpoint.ended }),
      onEvent(event) {
        onEvent(event);
        observed?.(event);
      },
    });
    return changeOf(execution);
  }

  /** Writes what stands for the whole execution, as long as it is this worker's. */
  async #write(change: ExecutionChange): Promise<void> {
    const { database, tenant } = this.#engine;
    await database.db.transaction().execute(async (tx) => {
      await this.#lease.hold(tx);
      await updateExecution(tx, tenant, this.#record.id, change);
    });
  }

  /** Whether the run goes on elsewhere. A cancellation ends it here. */
  #isInterrupted(): boolean {
    const { signal } = this.#lease;
    return signal.aborted && !(signal.reason instanceof CancelledError);
  }

  async #throwIfInterrupted(): Promise<void> {
    if (!this.#isInterrupted()) return;
    if (this.#lease.signal.reason instanceof WorkerStoppedError) await this.#write({ state: 'QUEUED' });
    throw this.#lease.signal.reason ?? new LeaseLostError('The run was interrupted.');
  }
}

/** The checkpoint with the pause answered whose time is over. */
function goingOn({ checkpoint }: ExecutionRecord): Checkpoint | null {
  const waiting = checkpoint?.waiting ?? null;
  if (checkpoint === null || waiting === null) return checkpoint;
  const answer = { behavior: waiting.behavior, onResume: {} };
  return { ...checkpoint, waiting: null, answers: { ...checkpoint.answers, [waiting.place]: answer } };
}

function isDue({ until }: Waiting): boolean {
  return until !== null && Date.parse(until) <= Date.now();
}

function dateOf(text: string | null): Date | null {
  return text === null ? null : new Date(text);
}

function changeOf({ state, inputs, outputs, error }: Execution): ExecutionChange {
  // A whole execution is never skipped.
  return { state: state === 'SKIPPED' ? 'SUCCESS' : state, inputs, outputs, error };
}
