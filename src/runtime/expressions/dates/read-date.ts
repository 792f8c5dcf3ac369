import { Fault } from '../fault.js';
import { describeKind, numberOf } from '../values/kinds.js';
import { isRealDateTime, type Moment, momentAt, momentOf } from './moment.js';
import { NAMED_FORMATS, NAMED_PATTERNS } from './named-formats.js';
import { parseByParts } from './parse-pattern.js';
import { parsePattern } from './pattern.js';
import { findZone, type Zone } from './zone.js';

const ISO =
  /^([+-]?\d{4,6})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?(Z|[+-]\d{2}(?::?\d{2}){0,2})?(?:\[([^\]]+)\])?$/;

/**
 * A value as a moment, as Kestra reads dates: dates and seconds since 1970 in `zone`; text in ISO 8601 or by
 * `existingFormat`, in `zone` unless the text names its own.
 */
export function readDate(value: unknown, zone: Zone, existingFormat: string | null, locale: string): Moment {
  if (value instanceof Date) {
    const time = value.getTime();
    if (Number.isNaN(time)) throw new Fault('the date is not valid');
    return momentAt(Math.floor(time / 1000), (((time % 1000) + 1000) % 1000) * 1_000_000, zone);
  }
  const seconds = numberOf(value);
  if (seconds !== null) return momentAt(Math.floor(Number(seconds)), 0, zone);
  if (typeof value !== 'string') throw new Fault(`a date is needed, not ${describeKind(value)}`);
  const moment =
    existingFormat === null || NAMED_FORMATS.has(existingFormat)
      ? readIso(value, zone)
      : parseByParts(parsePattern(NAMED_PATTERNS.get(existingFormat) ?? existingFormat), value, zone, locale);
  if (moment !== null) return moment;
  throw new Fault(
    existingFormat === null
      ? 'the text is not a date in ISO 8601'
      : `the text is not a date of the format "${existingFormat}"`,
    existingFormat === null ? { hint: 'Name its format: existingFormat="dd/MM/yyyy".' } : {},
  );
}

function readIso(text: string, zone: Zone): Moment | null {
  const found = ISO.exec(text);
  if (found === null) return null;
  const [, year, month, day, hour, minute, second, fraction = '', offset, region] = found;
  const local = {
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour ?? 0),
    minute: Number(minute ?? 0),
    second: Number(second ?? 0),
    nanos: Number(fraction.padEnd(9, '0')),
  };
  if (!isRealDateTime(local)) return null;
  const offsetZone = offset === undefined ? null : findZone(offset);
  if (region !== undefined) return momentOf(local, findZone(region), offsetZone?.fixedSeconds ?? 0);
  return momentOf(local, offsetZone ?? zone);
}
