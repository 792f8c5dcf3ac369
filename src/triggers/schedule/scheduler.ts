import { createHash } from 'node:crypto';
import { reportError } from '../../errors.js';
import type { Logger } from '../../logger.js';
import { renderValue } from '../../runtime/render-value.js';
import type { StorageAdapter } from '../../storage/types.js';
import { conditionsHold } from '../conditions.js';
import { executionIdOf } from '../execution-id.js';
import { triggerScope } from '../render.js';
import type { FlowCatalog, StartRequest, StartRun } from '../types.js';
import { formatInZone } from './cron-times.js';
import { dueTimes } from './due-times.js';
import { type Progress, readProgress, writeProgress } from './progress.js';
import { doneThrough, type Schedule, schedulesOf } from './schedules.js';

export interface SchedulerOptions {
  catalog: FlowCatalog;
  storage: StorageAdapter;
  startRun: StartRun;
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

/**
 * Starts flows at the times of their schedules. Every run has an id made of its flow, trigger and time, so that two
 * servers, or one that died in the middle, start each run once; what was looked at is kept in storage.
 */
export function createScheduler(options: SchedulerOptions): Scheduler {
  const { catalog, storage, logger, clock = () => new Date(), jitterMs = 0 } = options;
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
    let isFailed = false;
    for (const schedule of schedules.values()) {
      if (schedule.next === null || schedule.next > now) continue;
      // What is left then is found by whoever takes up here.
      if (isStopped) return now;
      isSaved = false;
      isFailed = !(await catchUp(schedule, now)) || isFailed;
    }
    progress = { through: doneThrough(schedules.values(), now), known: progress.known };
    if (!isSaved) await writeProgress(storage, progress);
    isSaved = true;
    return nextLook(schedules.values(), now, isFailed ? retryMs : longestWaitMs);
  };

  /** Starts what of a schedule is due. False when something could not be started and is to be tried again. */
  const catchUp = async (schedule: Schedule, now: Date): Promise<boolean> => {
    const { trigger, times, recovery, next } = schedule;
    if (next === null) return true;
    const { lateMaximumDelay } = trigger;
    const due = dueTimes({ times, recovery, lateMaximumDelay }, { from: new Date(next.getTime() - 1), now });
    for (const date of due) {
      if (await fire(schedule, date)) continue;
      schedule.next = date;
      return false;
    }
    schedule.next = times.next(now);
    return true;
  };

  const fire = async (schedule: Schedule, date: Date): Promise<boolean> => {
    const fail = (message: string, error: unknown) =>
      logger.error({ schedule: schedule.name, date, error: reportError(error) }, message);
    let request: StartRequest | null;
    try {
      request = await requestFor(schedule, date, jitterMs);
    } catch (error) {
      // What cannot be rendered now cannot be in five seconds.
      fail('A scheduled run cannot be started: its inputs or conditions cannot be rendered', error);
      return true;
    }
    try {
      if (request !== null) await options.startRun(request);
      return true;
    } catch (error) {
      fail('A scheduled run could not be started and is tried again', error);
      return false;
    }
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

/** Null when the conditions do not hold. */
async function requestFor(
  { name, flow, trigger, times, recovery }: Schedule,
  date: Date,
  jitterMs: number,
): Promise<StartRequest | null> {
  const { timezone } = trigger;
  const format = (time: Date | null) => (time === null ? null : formatInZone(time, timezone));
  const variables = {
    date: format(date),
    next: format(times.next(date)),
    previous: format(times.previous(date)),
  };
  const scope = triggerScope(flow, variables, { now: () => date });
  if (!(await conditionsHold(trigger, scope))) return null;
  const inputs = (await renderValue(trigger.inputs ?? {}, scope, 'inputs')) as Record<string, unknown>;
  const delayMs = jitterMs > 0 ? placeOf(name) % jitterMs : 0;
  return {
    flow,
    trigger: { type: 'schedule', id: trigger.id, variables },
    inputs,
    executionId: executionIdOf('schedule', flow.namespace, flow.id, trigger.id, date.toISOString()),
    // Who asks for all of them wants each; otherwise one run that waits will do for the next time as well.
    ...(recovery !== 'ALL' && { coalesceKey: `schedule ${name}` }),
    ...(delayMs > 0 && { startAfter: new Date(date.getTime() + delayMs) }),
  };
}

function placeOf(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32BE(0);
}
