import { sql } from 'kysely';
import { FlowgitError, LeaseLostError } from '../errors.js';
import type { Database } from '../storage/postgres/database.js';
import type { TakenRun } from './leases.js';
import type { Lease } from './types.js';

/** A run in the hands of this process. */
export interface HeldRun {
  readonly taken: TakenRun;
  readonly lease: Lease;
  /** Nothing may be written for it any more. */
  readonly isLost: boolean;
  /** The worker stops: the run goes back to the queue. */
  readonly isReleased: boolean;
  abort(reason: FlowgitError): void;
  lose(): void;
  release(): void;
  /** The database had the lease at this moment (`performance.now()`). */
  renewed(at: number): void;
  /** By this process's own clock: it may be that the database cannot be asked. */
  loseIfLate(): void;
}

export function holdRun({ location }: Database, tenant: string, taken: TakenRun, leaseMs: number): HeldRun {
  const controller = new AbortController();
  const { executionId } = taken.request;
  let isLost = false;
  let isReleased = false;
  let renewedAt = performance.now();
  const lost = () => new LeaseLostError(`The run ${executionId} is no longer this worker's (${location}).`);
  const abort = (reason: FlowgitError) => {
    if (!controller.signal.aborted) controller.abort(reason);
  };
  const lose = () => {
    isLost = true;
    abort(lost());
  };
  return {
    taken,
    lease: {
      signal: controller.signal,
      attempt: taken.attempt,
      async hold(tx) {
        if (isLost) throw lost();
        // Shared with renewals, which change no key, and not with who takes the run away.
        const { rows } = await sql`
          select 1 from flowgit.run
          where tenant = ${tenant} and execution_id = ${executionId} and lease = ${taken.lease} and state = 'running'
          for key share`.execute(tx);
        if (rows.length > 0) return;
        lose();
        throw lost();
      },
    },
    get isLost() {
      return isLost;
    },
    get isReleased() {
      return isReleased;
    },
    abort,
    lose,
    release() {
      isReleased = true;
      abort(new WorkerStoppedError('The worker stops; the run goes back to the queue.'));
    },
    renewed(at) {
      renewedAt = at;
    },
    loseIfLate() {
      if (performance.now() - renewedAt > leaseMs) lose();
    },
  };
}

/** Why a run is interrupted that nobody cancelled. */
export class WorkerStoppedError extends FlowgitError {
  readonly code = 'CANCELLED';
  override readonly retryable = true;
}
