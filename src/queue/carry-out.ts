import type { Kysely } from 'kysely';
import { LeaseLostError, reportError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { HeldRun } from './held-run.js';
import { buryRun, endLease, returnRun } from './leases.js';
import type { Tickets } from './tickets.js';
import type { WorkOptions } from './types.js';

/** Changes the queue for a run that is over, in a transaction that is alone with it. */
export type Settle = (work: (tx: Kysely<unknown>) => Promise<void>) => Promise<void>;

interface CarryOutOptions {
  options: WorkOptions;
  tickets: Tickets;
  maxAttempts: number;
  logger: Logger;
  settle: Settle;
}

/** Carries a run out and settles what becomes of it: it is done, goes back, is tried again, or is given up. */
export async function carryOut(
  run: HeldRun,
  { options, tickets, maxAttempts, logger, settle }: CarryOutOptions,
): Promise<void> {
  const { taken } = run;
  const { request, attempt } = taken;
  const { executionId } = request;
  const giveUp = async (error: unknown): Promise<void> => {
    logger.error({ executionId, error: reportError(error) }, 'a run was given up');
    await options.onGivenUp(request, error);
    await settle((tx) => buryRun(tickets, tx, taken, reportError(error).message));
  };
  if (attempt > maxAttempts) {
    return giveUp(new LeaseLostError(`Worker after worker was lost with this run, ${attempt - 1} times.`));
  }
  let again: Date | null;
  try {
    again = await options.run(request, run.lease);
  } catch (error) {
    if (run.isLost) return;
    if (run.isReleased) return settle((tx) => returnRun(tickets, tx, taken, { isFailure: false }));
    if (attempt === maxAttempts) return giveUp(error);
    const report = reportError(error);
    logger.warn({ executionId, error: report }, 'a run could not be carried out and is tried again');
    return settle((tx) => returnRun(tickets, tx, taken, { isFailure: true }));
  }
  if (!run.isLost) await settle((tx) => endLease(tickets, tx, taken, again));
}
