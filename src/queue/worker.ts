import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { CancelledError, reportError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { Database } from '../storage/postgres/database.js';
import { carryOut, type Settle } from './carry-out.js';
import { type HeldRun, holdRun } from './held-run.js';
import { isAnyDue, renewLeases, sweep, type TakenRun, takeRuns } from './leases.js';
import { aloneWithQueue } from './lock.js';
import type { Tickets } from './tickets.js';
import type { QueueWorker, WorkOptions } from './types.js';

export interface WorkerTimes {
  leaseMs: number;
  pollMs: number;
  maxAttempts: number;
}

export interface Worker extends QueueWorker {
  /** Something may have come. */
  poke(): void;
  /** A run of this worker, if it is one, was cancelled. */
  cancel(executionId: string): void;
}

interface Surroundings extends WorkerTimes {
  database: Database;
  tickets: Tickets;
  logger: Logger;
}

/** What a run that is over changes in the queue. */
interface Settling {
  run: HeldRun;
  work: Parameters<Settle>[0];
  resolve(): void;
  reject(error: unknown): void;
}

/** After an abort, how long runs may take to notice. */
const abortMs = 15_000;

/** Takes runs and carries them out until it is stopped; renews its leases, and finds runs whose workers are gone. */
export function startWorker(surroundings: Surroundings, options: WorkOptions): Worker {
  return new RunWorker(surroundings, options);
}

class RunWorker implements Worker {
  readonly #id = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;
  readonly #in: Surroundings;
  readonly #options: WorkOptions;
  readonly #held = new Map<string, { run: HeldRun; ended: Promise<void> }>();
  readonly #timers: NodeJS.Timeout[];
  readonly #taking: Promise<void>;
  /** Ends of runs that go into the transaction of the next taking. */
  #settling: Settling[] = [];
  #stopping: Promise<void> | null = null;
  #wake = () => {};
  #poked = false;

  constructor(surroundings: Surroundings, options: WorkOptions) {
    this.#in = surroundings;
    this.#options = options;
    this.#timers = [
      this.#every(surroundings.leaseMs / 5, () => this.#renew()),
      this.#every(surroundings.leaseMs / 3, () => this.#sweep()),
    ];
    this.#taking = this.#sweep()
      .catch((error: unknown) => this.#warn(error, 'runs of lost workers could not be looked for'))
      .then(() => this.#takeUntilStopped());
  }

  poke(): void {
    this.#poked = true;
    this.#wake();
  }

  cancel(executionId: string): void {
    this.#held.get(executionId)?.run.abort(cancelled());
  }

  stop(graceMs: number): Promise<void> {
    this.#stopping ??= this.#stop(graceMs);
    return this.#stopping;
  }

  async #stop(graceMs: number): Promise<void> {
    this.#wake();
    const ended = () => Promise.all([...this.#held.values()].map((held) => held.ended));
    await this.#taking;
    await within(graceMs, ended());
    for (const { run } of this.#held.values()) run.release();
    await within(abortMs, ended());
    for (const timer of this.#timers) clearInterval(timer);
  }

  async #takeUntilStopped(): Promise<void> {
    while (this.#stopping === null) {
      this.#poked = false;
      const settling = this.#settling.splice(0);
      const count = this.#options.concurrency - this.#held.size + settling.length;
      if (settling.length > 0 || (count > 0 && (await this.#mayTake()))) await this.#take(settling, count);
      if (!this.#poked && this.#stopping === null) await this.#pause();
    }
    const left = this.#settling.splice(0);
    if (left.length > 0) await this.#take(left, 0);
  }

  /** Asks without a transaction, and so without keeping others waiting: most of the time there is nothing. */
  async #mayTake(): Promise<boolean> {
    const { database, tickets } = this.#in;
    try {
      return await isAnyDue(tickets, database.db);
    } catch (error) {
      this.#warn(error, 'the queue could not be read');
      return false;
    }
  }

  /** Ends runs and takes others, in one transaction: being alone with the queue is what is dear. */
  async #take(settling: readonly Settling[], count: number): Promise<void> {
    const { tickets, leaseMs } = this.#in;
    try {
      const taken = await this.#alone(async (tx) => {
        for (const { work } of settling) await work(tx);
        return takeRuns(tickets, tx, { count, worker: this.#id, leaseMs });
      });
      for (const { run, resolve } of settling) {
        this.#forget(run);
        resolve();
      }
      for (const run of taken) this.#begin(run);
    } catch (error) {
      for (const { reject } of settling) reject(error);
      if (settling.length === 0) this.#warn(error, 'the queue could not be read');
    }
  }

  #settle(run: HeldRun, work: Settling['work']): Promise<void> {
    if (this.#stopping !== null) return this.#alone(work);
    return new Promise((resolve, reject) => {
      this.#settling.push({ run, work, resolve, reject });
      this.poke();
    });
  }

  #forget(run: HeldRun): void {
    const { executionId } = run.taken.request;
    // It may have been taken again meanwhile.
    if (this.#held.get(executionId)?.run === run) this.#held.delete(executionId);
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#in.pollMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #begin(taken: TakenRun): void {
    const { database, tickets, leaseMs } = this.#in;
    const run = holdRun(database, tickets.tenant, taken, leaseMs);
    if (taken.isCancelled) run.abort(cancelled());
    const { executionId } = taken.request;
    const settle: Settle = (work) => this.#settle(run, work);
    const ended = carryOut(run, { ...this.#in, options: this.#options, settle })
      .catch((error: unknown) => this.#warn(error, 'the end of a run could not be recorded', executionId))
      .finally(() => {
        this.#forget(run);
        this.poke();
      });
    this.#held.set(executionId, { run, ended });
  }

  async #renew(): Promise<void> {
    const held = [...this.#held.values()].map(({ run }) => run);
    if (held.length === 0) return;
    const { database, tickets, leaseMs } = this.#in;
    const askedAt = performance.now();
    try {
      const runs = held.map(({ taken }) => taken);
      const found = await renewLeases(database.db, tickets.tenant, { runs, leaseMs });
      for (const run of held) {
        const renewed = found.get(run.taken.request.executionId);
        if (renewed === undefined) run.lose();
        else run.renewed(askedAt);
        if (renewed?.isCancelled === true) run.abort(cancelled());
      }
    } finally {
      for (const run of held) run.loseIfLate();
    }
  }

  async #sweep(): Promise<void> {
    const { tickets, logger } = this.#in;
    const found = await this.#alone((tx) => sweep(tickets, tx));
    for (const executionId of found)
      logger.warn({ executionId }, 'the worker of a run is gone; it is begun again');
    if (found.length > 0) this.poke();
  }

  #alone<T>(work: Parameters<typeof aloneWithQueue<T>>[2]): Promise<T> {
    return aloneWithQueue(this.#in.database, this.#in.tickets.tenant, work);
  }

  #every(ms: number, work: () => Promise<void>): NodeJS.Timeout {
    let isWorking = false;
    return setInterval(() => {
      if (isWorking) return;
      isWorking = true;
      work()
        .catch((error: unknown) => this.#warn(error, 'the queue could not be kept in order'))
        .finally(() => {
          isWorking = false;
        });
    }, ms);
  }

  #warn(error: unknown, message: string, executionId?: string): void {
    const named = executionId === undefined ? {} : { executionId };
    this.#in.logger.warn({ ...named, error: reportError(error) }, message);
  }
}

function cancelled(): CancelledError {
  return new CancelledError('The run was cancelled.');
}

async function within(ms: number, ended: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([ended, late]);
  clearTimeout(timer);
}
