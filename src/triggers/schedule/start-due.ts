import { reportError } from '../../errors.js';
import type { Logger } from '../../logger.js';
import type { StartRequest, StartRuns } from '../types.js';
import type { Schedule } from './schedules.js';

/** A time of a schedule, and what is to be started then. */
export interface Due {
  schedule: Schedule;
  date: Date;
  request: StartRequest;
}

/**
 * Starts all together, or when that fails each by itself, so that one does not stop the others. A schedule whose run could
 * not be started goes back to its time; resolves to whether there was none.
 */
export async function startDue(
  due: readonly Due[],
  { startRuns, logger }: { startRuns: StartRuns; logger: Logger },
): Promise<boolean> {
  if (due.length === 0) return true;
  if (due.length > 1) {
    try {
      await startRuns(due.map(({ request }) => request));
      return true;
    } catch (error) {
      logger.warn({ error: reportError(error) }, 'Scheduled runs could not be started together');
    }
  }
  const failed = new Set<Schedule>();
  for (const { schedule, date, request } of due) {
    // Its times stay in their order.
    if (failed.has(schedule)) continue;
    try {
      await startRuns([request]);
    } catch (error) {
      failed.add(schedule);
      schedule.next = earlier(schedule.next, date);
      const message = 'A scheduled run could not be started and is tried again';
      logger.error({ schedule: schedule.name, date, error: reportError(error) }, message);
    }
  }
  return failed.size === 0;
}

/** A batch before this one may have failed with an earlier time of the schedule. */
function earlier(one: Date | null, other: Date): Date {
  return one !== null && one < other ? one : other;
}
