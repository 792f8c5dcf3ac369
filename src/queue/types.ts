import type { Kysely } from 'kysely';

/**
 * Runs that wait for a worker. An execution is recorded and queued by its id; whoever takes it from the queue finds
 * everything else in the execution store.
 *
 * - **lease**: a worker's hold on a run. It is renewed as long as the worker lives, and ends some seconds after it died;
 *   then another worker takes the run over. Leases of a run are numbered, so that a late one is told from the present.
 */
export interface RunQueue {
  /**
   * Queues a run. While another run with the same `coalesceKey` waits (not: runs), this one is dropped, for that one
   * will see the same state of the world; resolves to whether it was queued. A run that waits already is begun at the
   * earlier of both times, and one that runs is queued again when it ends. `within` makes it part of a transaction.
   */
  enqueue(request: RunRequest, within?: Kysely<unknown>): Promise<boolean>;
  /** Queues runs of executions that are new, in the caller's transaction; resolves to the ids of those that are needed. */
  enqueueNew(requests: readonly RunRequest[], within: Kysely<unknown>): Promise<ReadonlySet<string>>;
  /** Lets the workers of this process look at once: after a transaction that queued something. */
  wake(): void;
  /** Takes runs as they come until `stop`, at most `concurrency` at once in this process. */
  work(options: WorkOptions): Promise<QueueWorker>;
  /**
   * Takes a waiting run out, or tells the worker that runs it to stop, which it hears within seconds. Says which of the
   * two; `absent` when the run is neither. `within` as for `enqueue`.
   */
  cancel(executionId: string, within?: Kysely<unknown>): Promise<'removed' | 'told' | 'absent'>;
  /** For metrics and health. */
  depth(): Promise<{ waiting: number; running: number; failed: number }>;
  close(): Promise<void>;
}

export interface RunRequest {
  executionId: string;
  /** Runs with the same key never overlap, on any machine: a remote and branch, or a flow. */
  exclusiveKeys: readonly string[];
  coalesceKey?: string | undefined;
  /** Runs with the same `coalesceKey` begin so long after one another, whichever server queues them. */
  apartMs?: number | undefined;
  /** Not before. */
  startAfter?: Date | undefined;
}

export interface WorkOptions {
  concurrency: number;
  /**
   * Carries a run out. An error it throws is retried with backoff, and after the last attempt the run goes to the dead
   * letters; a flow that merely failed is no error. Resolves to when the run is to be taken up again, for one that waits.
   */
  run(request: RunRequest, lease: Lease): Promise<Date | null>;
  /** A run went to the dead letters: its last attempt failed, or worker after worker died of it. */
  onGivenUp(request: RunRequest, error: unknown): Promise<void>;
}

/** A worker's hold on a run. */
export interface Lease {
  /** Aborts when the run is cancelled (reason: CancelledError), when the worker stops, or when the hold is lost. */
  readonly signal: AbortSignal;
  /** Counts from 1; a run that was begun before was left by its worker, or ended with an error. */
  readonly attempt: number;
  /**
   * Checks in a transaction that this is still the present lease, and keeps it so until the transaction ends.
   * @throws LeaseLostError
   */
  hold(tx: Kysely<unknown>): Promise<void>;
}

export interface QueueWorker {
  /** Takes nothing new, and waits for what runs; after `graceMs` that is aborted and goes back to the queue. */
  stop(graceMs: number): Promise<void>;
}
