import type { ScheduleTrigger } from '../../../schemas/triggers.js';
import type { CronTimes } from './cron-times.js';

/** Later than this a time counts as missed: no server ran, or it was asleep. */
const missedAfterMs = 60_000;
/** A schedule of every second that was missed for a year must not fill the queue. */
const maxRecovered = 1000;

/**
 * The times of a schedule after `from` and up to `now` that are to be run. Of those that were missed,
 * `recoverMissedSchedules` decides; `lateMaximumDelay` drops what is too late.
 */
export function dueTimes(
  { recoverMissedSchedules = 'ALL', lateMaximumDelay }: ScheduleTrigger,
  times: CronTimes,
  from: Date,
  now: Date,
): Date[] {
  const missed: Date[] = [];
  const current: Date[] = [];
  for (let at = times.next(from); at !== null && at <= now; at = times.next(at)) {
    const lateMs = now.getTime() - at.getTime();
    if (lateMaximumDelay !== undefined && lateMs > lateMaximumDelay) continue;
    if (lateMs <= missedAfterMs) current.push(at);
    else {
      missed.push(at);
      if (missed.length > maxRecovered) missed.shift();
    }
  }
  switch (recoverMissedSchedules) {
    case 'ALL':
      return [...missed, ...current];
    case 'LAST':
      // What is due now stands for what was missed.
      return current.length > 0 ? current : missed.slice(-1);
    case 'NONE':
      return current;
  }
}
