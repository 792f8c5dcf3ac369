import { Fault } from '../fault.js';

/** A time zone: a region with its history of offsets, or a fixed offset. */
export interface Zone {
  /** As Java prints it: `Europe/Paris`, `+02:00`, `Z`. */
  readonly id: string;
  /** The fixed offset in seconds; null for a region. */
  readonly fixedSeconds: number | null;
  /** Seconds east of Greenwich at an instant. */
  offsetAt(epochSeconds: number): number;
}

const OFFSET = /^(?:UTC|GMT|UT)?([+-])(\d{1,2})(?::?(\d{2}))?(?::?(\d{2}))?$/;

/** The zone with a Java `ZoneId`: `UTC`, `Z`, `+02:00`, `UTC+2` or an IANA name. */
export function findZone(id: string): Zone {
  if (id === 'Z') return fixedZone(0);
  const offset = OFFSET.exec(id);
  if (offset !== null) {
    const [, sign, hours = '0', minutes = '0', seconds = '0'] = offset;
    const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
    if (size > 18 * 3600 || Number(minutes) > 59 || Number(seconds) > 59) throw unknownZone(id);
    return fixedZone(sign === '-' ? -size : size);
  }
  if (id === 'UTC' || id === 'GMT' || id === 'UT') return { id, fixedSeconds: null, offsetAt: () => 0 };
  return regionZone(id);
}

export function fixedZone(seconds: number): Zone {
  const id = seconds === 0 ? 'Z' : offsetText(seconds, ':');
  return { id, fixedSeconds: seconds, offsetAt: () => seconds };
}

/** `+02:00`, or `+0200` with an empty separator; seconds only when there are some. */
export function offsetText(offset: number, separator: string): string {
  const size = Math.abs(offset);
  const parts = [Math.floor(size / 3600), Math.floor(size / 60) % 60];
  if (size % 60 !== 0) parts.push(size % 60);
  return (offset < 0 ? '-' : '+') + parts.map((part) => String(part).padStart(2, '0')).join(separator);
}

function regionZone(id: string): Zone {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: id,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    throw unknownZone(id);
  }
  return { id, fixedSeconds: null, offsetAt: (epochSeconds) => regionOffset(format, epochSeconds) };
}

/** The wall clock of the region, read back as if it were UTC, less the instant. */
function regionOffset(format: Intl.DateTimeFormat, epochSeconds: number): number {
  const parts = new Map(format.formatToParts(epochSeconds * 1000).map((part) => [part.type, part.value]));
  const number = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type));
  const yearOfEra = number('year');
  const year = /^B/.test(parts.get('era') ?? '') ? 1 - yearOfEra : yearOfEra;
  const wall = new Date(0);
  wall.setUTCFullYear(year, number('month') - 1, number('day'));
  wall.setUTCHours(number('hour'), number('minute'), number('second'));
  return wall.getTime() / 1000 - epochSeconds;
}

function unknownZone(id: string): Fault {
  return new Fault(`there is no time zone "${id}"`, {
    hint: 'Write an IANA name such as "Europe/Paris", or an offset such as "+02:00".',
  });
}
