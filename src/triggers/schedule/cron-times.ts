import { Cron } from 'croner';
import type { ScheduleTrigger } from '../../../schemas/triggers.js';

/** The times of a schedule. */
export interface CronTimes {
  /** The first time after a moment; null when there is none any more. */
  next(after: Date): Date | null;
  /** The last time before a moment; null when there was none. */
  previous(before: Date): Date | null;
  /** The last time up to a moment, which may be that moment. */
  last(until: Date): Date | null;
}

/**
 * The times of a cron expression in its time zone. Where clocks change, fixed times that are skipped come right after
 * the change, those that come twice come once, and `*` follows the clock on the wall.
 * @throws Error when the expression or the zone is none
 */
export function cronTimes(schedule: Pick<ScheduleTrigger, 'cron' | 'withSeconds' | 'timezone'>): CronTimes {
  const { cron, withSeconds, timezone = 'UTC' } = schedule;
  const key = JSON.stringify([cron, withSeconds, timezone]);
  const known = kept.get(key);
  if (known !== undefined) return known;
  if (kept.size >= mostKept) kept.clear();
  const times = read(cron, withSeconds, timezone);
  kept.set(key, times);
  return times;
}

/** Thousands of flows share a few expressions, and are asked for the same moment one after the other. */
const kept = new Map<string, CronTimes>();
const mostKept = 1000;

function read(cron: string, withSeconds: boolean, timezone: string): CronTimes {
  const mode = withSeconds ? '6-part' : '5-part';
  const times = new Cron(cron, { timezone, mode, fixedTimeRule: 'no-wildcard' });
  const previous = lastAnswers((before) => times.previousRuns(1, before)[0] ?? null);
  return {
    next: lastAnswers((after) => times.nextRun(after)),
    previous,
    last: (until) => previous(new Date((Math.floor(until.getTime() / 1000) + 1) * 1000)),
  };
}

/** One due time asks for its neighbours, and for theirs. */
const answersKept = 8;

function lastAnswers(ask: (date: Date) => Date | null): (date: Date) => Date | null {
  const answers = new Map<number, Date | null>();
  return (date) => {
    const asked = date.getTime();
    const known = answers.get(asked);
    if (known !== undefined) return known;
    if (answers.size >= answersKept) answers.clear();
    const answer = ask(date);
    answers.set(asked, answer);
    return answer;
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
    formatIn(timezone)
      .formatToParts(date)
      .map(({ type, value }) => [type, value]),
  );
  const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? '';
  const offset = part('timeZoneName').replace('GMT', '').replace('+00:00', '') || 'Z';
  const day = `${part('year')}-${part('month')}-${part('day')}`;
  return `${day}T${part('hour')}:${part('minute')}:${part('second')}${offset}`;
}

/** Making one costs more than using it; there are some hundred zones. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatIn(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    ...({ year: 'numeric', month: '2-digit', day: '2-digit' } as const),
    ...({ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const),
    timeZoneName: 'longOffset',
  });
  formats.set(timeZone, format);
  return format;
}
