/**
 * Runs that wait for a worker. An execution is recorded first and then queued by its id; whoever takes it from the queue
 * finds everything else in the execution store.
 */
export interface RunQueue {
  /**
   * Queues a run. While another run with the same `coalesceKey` waits (not: runs), this one is dropped, for that one
   * will see the same state of the world; resolves to whether it was queued.
   */
  enqueue(request: RunRequest): Promise<boolean>;
  /** Takes runs as they come until `stop`, at most `concurrency` at once in this process. */
  work(options: WorkOptions): Promise<QueueWorker>;
  /** Takes a waiting run out, or tells the worker that runs it to stop. */
  cancel(executionId: string): Promise<void>;
  /** For metrics and health. */
  depth(): Promise<{ waiting: number; running: number; failed: number }>;
  close(): Promise<void>;
}

export interface RunRequest {
  executionId: string;
  /** Runs with the same key never overlap, on any machine: a remote and branch, or a flow. */
  exclusiveKeys: readonly string[];
  coalesceKey?: string | undefined;
  /** Not before. */
  startAfter?: Date | undefined;
}

export interface WorkOptions {
  concurrency: number;
  /**
   * Carries a run out. `takenOver` says that another worker had begun it and is gone. The signal aborts when the run is
   * cancelled, or when this worker has lost its hold on it. An error it throws is retried with backoff, `maxAttempts`
   * times, and then goes to the dead letters; a flow that merely failed is no error.
   */
  run(request: RunRequest, options: { signal: AbortSignal; takenOver: boolean }): Promise<void>;
}

export interface QueueWorker {
  /** Takes nothing new, and waits for what runs; after `graceMs` that is aborted and goes back to the queue. */
  stop(graceMs: number): Promise<void>;
}
