import { reportError } from '../../errors.js';
import type { Logger } from '../../logger.js';
import type { StorageAdapter } from '../../storage/types.js';
import type { FlowCatalog, StartRuns } from '../types.js';
import { dueTimes } from './due-times.js';
import { type Progress, readProgress, writeProgress } from './progress.js';
import { requestFor } from './schedule-request.js';
import { doneThrough, type Schedule, schedulesOf } from './schedules.js';
import { type Due, startDue } from './start-due.js';

export interface SchedulerOptions {
  catalog: FlowCatalog;
  storage: StorageAdapter;
  startRuns: StartRuns;
  logger: Logger;
  clock?: () => Date;
  /** Runs of one moment are spread over so many milliseconds, each flow always at its own place. */
  jitterMs?: number;
}

export interface Scheduler {
  /** Takes up where the last server of this storage stopped, and goes on until `stop`. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Starts what is due now; resolves to when to look again. What `start` does over and over. */
  look(): Promise<Date>;
}

/** A clock that is set, or a machine that slept, is noticed after so long. */
const longestWaitMs = 15_000;
const retryMs = 5_000;
/** Started in one transaction, which others wait for. */
const runsPerBatch = 100;

/**
 * Starts flows at the times of their schedules. Every run has an id made of its flow, trigger and time, so that two
 * servers, or one that died in the middle, start each run once; what was looked at is kept in storage.
 */
export function createScheduler(options: SchedulerOptions): Scheduler {
  const { catalog, storage, logger, clock = () => new Date() } = options;
  let schedules = new Map<string, Schedule>();
  let progress: Progress | null = null;
  let isChanged = true;
  let isSaved = true;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<unknown> = Promise.resolve();
  let isRunning = false;
  let isStopped = false;

  const forget = catalog.onChange(() => {
    isChanged = true;
    if (isRunning) wake(0);
  });

  const renew = async (now: Date): Promise<Progress> => {
    const done = progress ?? (await readProgress(storage)) ?? { through: now, known: new Set() };
    // After a clock was set back, times would wait for it to come where it was.
    const isBack = done.through > now;
    if (!isChanged && !isBack) return done;
    isChanged = false;
    const through = isBack ? now : done.through;
    schedules = schedulesOf(catalog, isBack ? new Map() : schedules, { ...done, through, now });
    const known = new Set(schedules.keys());
    if (known.size !== done.known.size || [...known].some((name) => !done.known.has(name))) isSaved = false;
    return { through, known };
  };

  const look = async (): Promise<Date> => {
    const now = clock();
    progress = await renew(now);
    const dueNow = [...schedules.values()].filter(({ next }) => next !== null && next <= now);
    if (dueNow.length > 0) isSaved = false;
    const batch: Due[] = [];
    let isFailed = false;
    const flush = async () => {
      isFailed = !(await startDue(batch.splice(0), options)) || isFailed;
    };
    for (const schedule of dueNow) {
      // What is left then is found by whoever takes up here.
      if (isStopped) return now;
      for (const date of takeDue(schedule, now)) {
        const request = await requestFor(schedule, date, options);
        if (request !== null) batch.push({ schedule, date, request });
        if (batch.length >= runsPerBatch) await flush();
      }
    }
    await flush();
    progress = { through: doneThrough(schedules.values(), now), known: progress.known };
    if (!isSaved) await writeProgress(storage, progress);
    isSaved = true;
    return nextLook(schedules.values(), now, isFailed ? retryMs : longestWaitMs);
  };

  const round = async (): Promise<void> => {
    const next = await look().catch((error: unknown) => {
      logger.error({ error: reportError(error) }, 'schedules could not be looked at');
      return new Date(clock().getTime() + retryMs);
    });
    if (isRunning) wake(next.getTime() - clock().getTime());
  };
  function wake(waitMs: number): void {
    clearTimeout(timer);
    timer = setTimeout(
      () => {
        looking = looking.then(round);
      },
      Math.min(Math.max(waitMs, 0), longestWaitMs),
    );
  }

  return {
    look,
    async start() {
      isRunning = true;
      looking = round();
      await looking;
    },
    async stop() {
      isRunning = false;
      isStopped = true;
      forget();
      clearTimeout(timer);
      await looking;
    },
  };
}

function nextLook(schedules: Iterable<Schedule>, now: Date, waitMs: number): Date {
  let earliest = new Date(now.getTime() + waitMs);
  for (const { next } of schedules) if (next !== null && next > now && next < earliest) earliest = next;
  return earliest;
}

/** The times of a schedule that are due, which then goes on after them. */
function takeDue(schedule: Schedule, now: Date): Date[] {
  const { trigger, times, recovery, next } = schedule;
  if (next === null) return [];
  const { lateMaximumDelay } = trigger;
  const from = new Date(next.getTime() - 1);
  schedule.next = times.next(now);
  return dueTimes({ times, recovery, lateMaximumDelay }, { from, now });
}
