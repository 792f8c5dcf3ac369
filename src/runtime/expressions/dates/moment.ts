import { Fault } from '../fault.js';
import type { Zone } from './zone.js';

/** An instant with nanoseconds, and the zone in which it is read, like Java's ZonedDateTime. */
export interface Moment {
  readonly epochSeconds: number;
  readonly nanos: number;
  readonly zone: Zone;
}

/** A calendar date and a time of day without a zone. Months count from 1. */
export interface LocalDateTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanos: number;
}

/** What JavaScript's Date and Intl can hold. */
const LARGEST_EPOCH_SECONDS = 8_640_000_000_000;
const DAY_SECONDS = 86_400;

export function momentAt(epochSeconds: number, nanos: number, zone: Zone): Moment {
  if (Math.abs(epochSeconds) <= LARGEST_EPOCH_SECONDS) return { epochSeconds, nanos, zone };
  throw new Fault('the date is out of range');
}

/** The wall clock at a moment, in the moment's zone. */
export function localOf(moment: Moment): LocalDateTime {
  const wall = new Date((moment.epochSeconds + moment.zone.offsetAt(moment.epochSeconds)) * 1000);
  return {
    year: wall.getUTCFullYear(),
    month: wall.getUTCMonth() + 1,
    day: wall.getUTCDate(),
    hour: wall.getUTCHours(),
    minute: wall.getUTCMinutes(),
    second: wall.getUTCSeconds(),
    nanos: moment.nanos,
  };
}

/**
 * The moment at which a zone's wall clock shows `local`, as Java resolves it: in an overlap the preferred offset, else
 * the earlier moment; in a gap the time moves later by the gap's length.
 */
export function momentOf(local: LocalDateTime, zone: Zone, preferredOffset?: number): Moment {
  const wall = wallSeconds(local);
  const before = zone.offsetAt(clamp(wall - DAY_SECONDS));
  const after = zone.offsetAt(clamp(wall + DAY_SECONDS));
  const valid = [before, after].filter((offset) => zone.offsetAt(clamp(wall - offset)) === offset);
  const preferred = valid.find((offset) => offset === preferredOffset);
  const offset = preferred ?? (valid.length > 0 ? Math.max(...valid) : before);
  return momentAt(wall - offset, local.nanos, zone);
}

/** Whether the numbers make a date that exists; 30 February does not. */
export function isRealDateTime(local: LocalDateTime): boolean {
  const { month, day, hour, minute, second } = local;
  const inRange = month >= 1 && month <= 12 && hour < 24 && minute < 60 && second < 60;
  return inRange && day >= 1 && day <= daysInMonth(local.year, month);
}

export function daysInMonth(year: number, month: number): number {
  return new Date(wallSeconds({ year, month: month + 1, day: 0 }) * 1000).getUTCDate();
}

/** Days since 1 January 1970. */
export function epochDay({ year, month, day }: { year: number; month: number; day: number }): number {
  return wallSeconds({ year, month, day }) / DAY_SECONDS;
}

/** 1 for Monday to 7 for Sunday. */
export function dayOfWeek(date: { year: number; month: number; day: number }): number {
  return ((((epochDay(date) + 3) % 7) + 7) % 7) + 1;
}

export function dayOfYear(date: { year: number; month: number; day: number }): number {
  return epochDay(date) - epochDay({ year: date.year, month: 1, day: 1 }) + 1;
}

/** The week and its year, with weeks that begin on `firstDay` and of which the first has `minimalDays` in the year. */
export function weekOf(
  date: { year: number; month: number; day: number },
  firstDay: number,
  minimalDays: number,
): { year: number; week: number } {
  for (const year of [date.year + 1, date.year]) {
    const start = firstWeekStart(year, firstDay, minimalDays);
    if (epochDay(date) >= start) return { year, week: Math.floor((epochDay(date) - start) / 7) + 1 };
  }
  const start = firstWeekStart(date.year - 1, firstDay, minimalDays);
  return { year: date.year - 1, week: Math.floor((epochDay(date) - start) / 7) + 1 };
}

function firstWeekStart(year: number, firstDay: number, minimalDays: number): number {
  const newYear = { year, month: 1, day: 1 };
  const daysIntoWeek = (dayOfWeek(newYear) - firstDay + 7) % 7;
  const start = epochDay(newYear) - daysIntoWeek;
  return 7 - daysIntoWeek >= minimalDays ? start : start + 7;
}

function wallSeconds(date: {
  year: number;
  month: number;
  day: number;
  hour?: number;
  minute?: number;
  second?: number;
}): number {
  const wall = new Date(0);
  wall.setUTCFullYear(date.year, date.month - 1, date.day);
  wall.setUTCHours(date.hour ?? 0, date.minute ?? 0, date.second ?? 0);
  const seconds = wall.getTime() / 1000;
  if (Number.isNaN(seconds)) throw new Fault('the date is out of range');
  return seconds;
}

function clamp(epochSeconds: number): number {
  return Math.min(Math.max(epochSeconds, -LARGEST_EPOCH_SECONDS), LARGEST_EPOCH_SECONDS);
}
