import { type Kysely, sql } from 'kysely';
import type { Logger } from '../logger.js';
import type { Database } from '../storage/postgres/database.js';
import { explainFailure } from '../storage/postgres/failures.js';
import { openBoss } from './boss.js';
import { cancelIn } from './cancel.js';
import { enqueueIn, enqueueNewIn } from './enqueue.js';
import { aloneWithQueue, lockQueue } from './lock.js';
import { openTickets, type Tickets } from './tickets.js';
import type { QueueWorker, RunQueue } from './types.js';
import { startWorker, type Worker, type WorkerTimes } from './worker.js';

export interface RunQueueOptions {
  tenant: string;
  logger: Logger;
  /** How long a worker may be silent before its runs are another's. A killed worker's are begun again soon after. */
  leaseMs?: number | undefined;
  /** How often a worker that has nothing to do looks for runs that others queued. */
  pollMs?: number | undefined;
  /** How often a run is begun before it is given up. */
  maxAttempts?: number | undefined;
}

const defaults = { leaseMs: 15_000, pollMs: 200, maxAttempts: 5 };

/**
 * A queue in a database: pg-boss hands runs out, tables of flowgit's own say which of them may be begun (tickets.ts).
 * Closing it leaves the database open.
 */
export async function openRunQueue(database: Database, options: RunQueueOptions): Promise<RunQueue> {
  const { tenant, logger } = options;
  const times: WorkerTimes = {
    leaseMs: options.leaseMs ?? defaults.leaseMs,
    pollMs: options.pollMs ?? defaults.pollMs,
    maxAttempts: options.maxAttempts ?? defaults.maxAttempts,
  };
  const explained = <T>(call: () => Promise<T>): Promise<T> => explainFailure(database.location, call);
  const boss = await explained(() => openBoss(database, logger));
  const tickets = await explained(() => openTickets(boss, tenant));
  const workers = new Set<Worker>();
  const poke = () => {
    for (const worker of workers) worker.poke();
  };

  /** In the caller's transaction, or in one of its own. */
  const alone = <T>(within: Kysely<unknown> | undefined, work: (tx: Kysely<unknown>) => Promise<T>) =>
    explained(async () => {
      if (within === undefined) return aloneWithQueue(database, tenant, work);
      await lockQueue(within, tenant);
      return work(within);
    });

  return {
    async enqueue(request, within) {
      const isQueued = await explained(() =>
        within === undefined
          ? database.db.transaction().execute((tx) => enqueueIn(tickets, tx, request))
          : enqueueIn(tickets, within, request),
      );
      if (within === undefined) poke();
      return isQueued;
    },
    enqueueNew: (requests, within) => explained(() => enqueueNewIn(tickets, within, requests)),
    async cancel(executionId, within) {
      const outcome = await alone(within, (tx) => cancelIn(tickets, tx, executionId));
      for (const worker of workers) worker.cancel(executionId);
      return outcome;
    },
    wake: poke,
    async work(workOptions) {
      const worker = startWorker({ database, tickets, logger, ...times }, workOptions);
      workers.add(worker);
      const stop: QueueWorker['stop'] = async (graceMs) => {
        await worker.stop(graceMs);
        workers.delete(worker);
      };
      return { stop };
    },
    depth: () => explained(() => depth(database, tickets)),
    async close() {
      await Promise.all([...workers].map((worker) => worker.stop(0)));
      await boss.stop({ graceful: false });
    },
  };
}

async function depth({ db }: Database, { boss, tenant, deadLetters }: Tickets) {
  const { rows } = await sql<{ waiting: number; running: number }>`
    select count(*) filter (where state = 'waiting' and start_after <= now())::integer as waiting,
           count(*) filter (where state = 'running')::integer as running
    from flowgit.run where tenant = ${tenant}`.execute(db);
  const { waiting = 0, running = 0 } = rows[0] ?? {};
  return { waiting, running, failed: await boss.getQueueSize(deadLetters) };
}
