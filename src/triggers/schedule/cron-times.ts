import { Cron } from 'croner';
import type { ScheduleTrigger } from '../../../schemas/triggers.js';

/** The times of a schedule. */
export interface CronTimes {
  /** The first time after a moment; null when there is none any more. */
  next(after: Date): Date | null;
  /** The last time before a moment, not before `since`; null when there is none. */
  previous(before: Date, since: Date): Date | null;
}

/** Further back than this no previous time is looked for. */
const lookBackMs = [1, 24, 24 * 32, 24 * 366].map((hours) => hours * 3_600_000);

/**
 * The times of a cron expression in its time zone. Where clocks change, fixed times that are skipped come right after
 * the change, those that come twice come once, and `*` follows the clock on the wall.
 * @throws Error when the expression or the zone is none
 */
export function cronTimes({ cron, withSeconds, timezone = 'UTC' }: ScheduleTrigger): CronTimes {
  const mode = withSeconds ? '6-part' : '5-part';
  const times = new Cron(cron, { timezone, mode, fixedTimeRule: 'no-wildcard' });
  return {
    next: (after) => times.nextRun(after),
    previous(before, since) {
      for (const span of lookBackMs) {
        const from = new Date(Math.max(since.getTime(), before.getTime() - span));
        let last: Date | null = null;
        for (let at = times.nextRun(from); at !== null && at < before; at = times.nextRun(at)) last = at;
        if (last !== null || from.getTime() === since.getTime()) return last;
      }
      return null;
    },
  };
}

/** Whether it is a time zone that this platform knows. */
export function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** A time as its zone writes it: `2026-03-29T03:30:00+02:00`. */
export function formatInZone(date: Date, timezone = 'UTC'): string {
  const parts = new Map(
    new Intl.DateTimeFormat('en-CA', {
      timeZone: timezone,
      ...({ year: 'numeric', month: '2-digit', day: '2-digit' } as const),
      ...({ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const),
      timeZoneName: 'longOffset',
    })
      .formatToParts(date)
      .map(({ type, value }) => [type, value]),
  );
  const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? '';
  const offset = part('timeZoneName').replace('GMT', '').replace('+00:00', '') || 'Z';
  const day = `${part('year')}-${part('month')}-${part('day')}`;
  return `${day}T${part('hour')}:${part('minute')}:${part('second')}${offset}`;
}
