import { dayOfWeek, dayOfYear, type LocalDateTime, localOf, type Moment, weekOf } from './moment.js';
import type { PatternPart } from './pattern.js';
import { offsetText } from './zone.js';

interface Shown {
  readonly moment: Moment;
  readonly local: LocalDateTime;
  readonly locale: string;
}

/** A moment by a pattern, as Java's `DateTimeFormatter` prints it. */
export function formatParts(parts: readonly PatternPart[], moment: Moment, locale: string): string {
  const shown = { moment, local: localOf(moment), locale };
  const print = (part: PatternPart): string => {
    if (part.kind === 'text') return part.value;
    return part.kind === 'field'
      ? printField(part.letter, part.count, shown)
      : part.parts.map(print).join('');
  };
  return parts.map(print).join('');
}

/** Pads to `width`; a minus sign comes before the zeros. */
export function pad(value: number, width: number): string {
  return (value < 0 ? '-' : '') + String(Math.abs(value)).padStart(width, '0');
}

function printField(letter: string, count: number, shown: Shown): string {
  const { local } = shown;
  switch (letter) {
    case 'u':
      return printYear(local.year, count);
    case 'y':
      return printYear(local.year > 0 ? local.year : 1 - local.year, count);
    case 'Y':
      return printYear(weekOf(local, 7, 1).year, count);
    case 'w':
      return pad(weekOf(local, 7, 1).week, count);
    case 'M':
    case 'L':
      return count < 3 ? pad(local.month, count) : monthName(local.month, letter, count, shown.locale);
    case 'Q':
    case 'q':
      return printQuarter(Math.ceil(local.month / 3), count);
    case 'd':
      return pad(local.day, count);
    case 'D':
      return pad(dayOfYear(local), count);
    case 'E':
      return printName('weekday', count, shown);
    case 'e':
      return count < 3 ? pad((dayOfWeek(local) % 7) + 1, count) : printName('weekday', count, shown);
    case 'G':
      return printName('era', count, shown);
    case 'a':
      return local.hour < 12 ? 'AM' : 'PM';
    case 'S':
      return String(local.nanos).padStart(9, '0').slice(0, count);
    case 'n':
      return pad(local.nanos, count);
    default:
      return printClock(letter, count, local) ?? printZone(letter, count, shown);
  }
}

function printClock(letter: string, count: number, local: LocalDateTime): string | null {
  if (letter === 'H') return pad(local.hour, count);
  if (letter === 'k') return pad(local.hour === 0 ? 24 : local.hour, count);
  if (letter === 'K') return pad(local.hour % 12, count);
  if (letter === 'h') return pad(local.hour % 12 === 0 ? 12 : local.hour % 12, count);
  if (letter === 'm') return pad(local.minute, count);
  return letter === 's' ? pad(local.second, count) : null;
}

function printZone(letter: string, count: number, shown: Shown): string {
  const { moment } = shown;
  const offset = moment.zone.offsetAt(moment.epochSeconds);
  if (letter === 'V') return moment.zone.id;
  if (letter === 'z') return printZoneName(count, shown);
  if (letter === 'O') return printLocalizedOffset(offset, count);
  if (letter === 'Z') {
    if (count === 4) return printLocalizedOffset(offset, count);
    return count === 5 ? printOffset(offset, 5, true) : printOffset(offset, 4, false);
  }
  return printOffset(offset, count, letter === 'X');
}

/** `X` and `x`: 1 is hours with minutes when there are some, 2 and 4 are without colon, 3 and 5 with. */
function printOffset(offset: number, count: number, zeroIsZ: boolean): string {
  if (offset === 0 && zeroIsZ) return 'Z';
  const full = offsetText(offset, count === 3 || count === 5 ? ':' : '');
  if (count === 1) return full.slice(0, Math.abs(offset) % 3600 === 0 ? 3 : 5);
  return count < 4 ? full.slice(0, count === 3 ? 6 : 5) : full;
}

function printLocalizedOffset(offset: number, count: number): string {
  if (offset === 0) return 'GMT';
  const text = offsetText(offset, ':');
  return `GMT${count === 4 ? text : text.replace(/^([+-])0/, '$1').replace(/:00$/, '')}`;
}

function printYear(year: number, count: number): string {
  return count === 2 ? pad(((year % 100) + 100) % 100, 2) : pad(year, count);
}

function printQuarter(quarter: number, count: number): string {
  if (count < 3) return pad(quarter, count);
  return count === 3 ? `Q${quarter}` : `${['1st', '2nd', '3rd', '4th'][quarter - 1]} quarter`;
}

/** Names come from Intl. The wall clock is handed over as UTC, so that any zone will do. */
function printName(type: 'weekday' | 'era', count: number, shown: Shown): string {
  const { year, month, day } = shown.local;
  const wall = new Date(0);
  wall.setUTCFullYear(year, month - 1, day);
  return partOf(type, wall, shown.locale, { [type]: styleOf(count) });
}

/** `M` is the month's name beside a day, as in "5 mars"; `L` is the name by itself. Some languages tell them apart. */
export function monthName(month: number, letter: string, count: number, locale: string): string {
  const day = letter === 'M' ? ({ day: 'numeric' } as const) : {};
  return partOf('month', new Date(Date.UTC(2000, month - 1, 1)), locale, { month: styleOf(count), ...day });
}

function styleOf(count: number): 'long' | 'narrow' | 'short' {
  return count === 4 ? 'long' : count === 5 ? 'narrow' : 'short';
}

function partOf(
  type: 'weekday' | 'era' | 'month',
  wall: Date,
  locale: string,
  options: Intl.DateTimeFormatOptions,
): string {
  const parts = new Intl.DateTimeFormat(locale, { timeZone: 'UTC', ...options }).formatToParts(wall);
  return parts.find((part) => part.type === type)?.value ?? '';
}

function printZoneName(count: number, shown: Shown): string {
  const { zone, epochSeconds } = shown.moment;
  if (zone.fixedSeconds !== null) return zone.id;
  const timeZoneName = count === 4 ? 'long' : 'short';
  const format = new Intl.DateTimeFormat(shown.locale, { timeZone: zone.id, timeZoneName });
  return (
    format.formatToParts(epochSeconds * 1000).find((part) => part.type === 'timeZoneName')?.value ?? zone.id
  );
}
