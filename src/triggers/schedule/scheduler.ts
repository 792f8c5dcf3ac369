import { createHash } from 'node:crypto';
import type { ScheduleTrigger } from '../../../schemas/triggers.js';
import { reportError } from '../../errors.js';
import type { Logger } from '../../logger.js';
import { renderValue } from '../../runtime/render-value.js';
import type { StorageAdapter } from '../../storage/types.js';
import { conditionsHold } from '../conditions.js';
import { executionIdOf } from '../execution-id.js';
import { triggerScope } from '../render.js';
import { triggersOf } from '../triggers-of.js';
import type { FlowCatalog, StartRequest, StartRun, StoredFlow } from '../types.js';
import { type CronTimes, cronTimes, formatInZone } from './cron-times.js';
import { dueTimes } from './due-times.js';
import { type Progress, readProgress, writeProgress } from './progress.js';

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

interface Schedule {
  name: string;
  flow: StoredFlow;
  trigger: ScheduleTrigger;
  times: CronTimes;
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
  const parsed = new WeakMap<ScheduleTrigger, CronTimes | null>();
  let schedules: Schedule[] | null = null;
  let progress: Progress | null = null;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<unknown> = Promise.resolve();
  let stopped = true;

  const forget = catalog.onChange(() => {
    schedules = null;
    if (!stopped) wake(0);
  });

  const look = async (): Promise<Date> => {
    const now = clock();
    progress ??= (await readProgress(storage)) ?? { through: now, known: new Set() };
    schedules ??= schedulesOf(catalog, parsed, logger);
    const { through, known } = progress;
    let fired = false;
    let failed = false;
    for (const schedule of schedules) {
      if (!known.has(schedule.name)) continue;
      for (const date of dueTimes(schedule.trigger, schedule.times, through, now)) {
        fired = true;
        failed = !(await fire(schedule, date)) || failed;
      }
    }
    if (failed) return new Date(now.getTime() + retryMs);
    const isNew = schedules.some(({ name }) => !known.has(name));
    progress = { through: now, known: new Set(schedules.map(({ name }) => name)) };
    if (fired || isNew) await writeProgress(storage, progress);
    return nextLook(schedules, now);
  };

  /** False when it could not be started and is to be tried again. */
  const fire = async (schedule: Schedule, date: Date): Promise<boolean> => {
    try {
      const request = await requestFor(schedule, date, jitterMs);
      if (request !== null) await options.startRun(request);
      return true;
    } catch (error) {
      logger.error(
        { schedule: schedule.name, date, error: reportError(error) },
        'a scheduled run was not started',
      );
      return false;
    }
  };

  const round = async (): Promise<void> => {
    const next = await look().catch((error: unknown) => {
      logger.error({ error: reportError(error) }, 'schedules could not be looked at');
      return new Date(clock().getTime() + retryMs);
    });
    if (!stopped) wake(next.getTime() - clock().getTime());
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
      stopped = false;
      await round();
    },
    async stop() {
      stopped = true;
      forget();
      clearTimeout(timer);
      await looking;
    },
  };
}

/** What can be fired; a schedule that cannot be understood is told once and left out. */
function schedulesOf(
  catalog: FlowCatalog,
  parsed: WeakMap<ScheduleTrigger, CronTimes | null>,
  logger: Logger,
): Schedule[] {
  return catalog.list().flatMap((flow) =>
    triggersOf(flow).schedules.flatMap((trigger): Schedule[] => {
      const name = `${flow.namespace}/${flow.id}/${trigger.id}`;
      let times = parsed.get(trigger);
      if (times === undefined) {
        try {
          times = cronTimes(trigger);
        } catch (error) {
          times = null;
          logger.warn(
            { schedule: name, error: reportError(error).message },
            'a schedule cannot be understood',
          );
        }
        parsed.set(trigger, times);
      }
      return times === null ? [] : [{ name, flow, trigger, times }];
    }),
  );
}

function nextLook(schedules: readonly Schedule[], now: Date): Date {
  let earliest = new Date(now.getTime() + longestWaitMs);
  for (const { times } of schedules) {
    const next = times.next(now);
    if (next !== null && next < earliest) earliest = next;
  }
  return earliest;
}

/** Null when the conditions do not hold. */
async function requestFor(
  { name, flow, trigger, times }: Schedule,
  date: Date,
  jitterMs: number,
): Promise<StartRequest | null> {
  const { timezone, recoverMissedSchedules } = trigger;
  const format = (time: Date | null) => (time === null ? null : formatInZone(time, timezone));
  const variables = {
    date: format(date),
    next: format(times.next(date)),
    previous: format(times.previous(date, new Date(0))),
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
    ...(recoverMissedSchedules !== 'ALL' && { coalesceKey: `schedule ${name}` }),
    ...(delayMs > 0 && { startAfter: new Date(date.getTime() + delayMs) }),
  };
}

function placeOf(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32BE(0);
}
