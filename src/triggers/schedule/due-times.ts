import { type FlowDefinition, tasksOf } from '../../../schemas/flow.js';
import type { ScheduleTrigger } from '../../../schemas/triggers.js';
import type { CronTimes } from './cron-times.js';

/** Later than this a time counts as missed: no server ran, or it was asleep. */
const missedAfterMs = 60_000;
/** A schedule of every second that was missed for a year must not fill the queue. */
const maxRecovered = 1000;

interface Asked {
  times: CronTimes;
  recovery: Recovery;
  lateMaximumDelay: number | undefined;
}

export type Recovery = 'ALL' | 'LAST' | 'NONE';

/** As it is written; otherwise as in Kestra, but one sync does what all that were missed would have done. */
export function recoveryOf({ recoverMissedSchedules }: ScheduleTrigger, flow: FlowDefinition): Recovery {
  if (recoverMissedSchedules !== undefined) return recoverMissedSchedules;
  return tasksOf(flow).some(({ task }) => gitTask.test(task.type)) ? 'LAST' : 'ALL';
}

const gitTask = /^(?:io\.kestra\.plugin\.)?git\./;

/**
 * The times of a schedule after `from` and up to `now` that are to be run, in order. `lateMaximumDelay` drops what is too
 * late. They are found from the end, so that a long time without a server costs no more than a short one.
 */
export function dueTimes(
  { times, lateMaximumDelay, recovery }: Asked,
  { from, now }: { from: Date; now: Date },
): Date[] {
  const earliestMs = Math.max(
    from.getTime() + 1,
    lateMaximumDelay === undefined ? 0 : now.getTime() - lateMaximumDelay,
  );
  const due: Date[] = [];
  let missed = 0;
  for (let at = times.last(now); at !== null && at.getTime() >= earliestMs; at = times.previous(at)) {
    const isMissed = now.getTime() - at.getTime() > missedAfterMs;
    if (isMissed) {
      if (recovery === 'NONE') break;
      // What is due now stands for what was missed.
      if (recovery === 'LAST' && due.length > 0) break;
      if (++missed > maxRecovered) break;
    }
    due.push(at);
  }
  return due.reverse();
}
