import { parse as parseYaml } from 'yaml';
import { duration } from '../../schemas/property.js';

/** Why a value is not what its input asks for; continues the sentence `input "x" …`. */
export class InputFault extends Error {}

type Reader = (value: unknown) => unknown;

/**
 * Each type's reader: takes a text from a command line or a value as JSON has it, and gives the value expressions see.
 * Messages never repeat the value, which may be a secret somebody put in the wrong place.
 */
const readers: Readonly<Record<string, Reader>> = {
  STRING: text,
  SECRET: text,
  ENUM: text,
  SELECT: text,
  INT: (value) => matching(value, Number.isSafeInteger, /^[+-]?\d+$/, 'must be a whole number'),
  FLOAT: (value) =>
    matching(value, Number.isFinite, /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i, 'must be a number'),
  BOOL: readBoolean,
  BOOLEAN: readBoolean,
  DATETIME: readDateTime,
  DATE: readDate,
  TIME: (value) =>
    textLike(value, /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?$/, 'must be a time such as 13:45:00'),
  DURATION: (value) => {
    if (!duration().safeParse(value).success)
      throw new InputFault('must be an ISO 8601 duration such as PT30S');
    return typeof value === 'number' ? `PT${value}S` : value;
  },
  URI: readUri,
  EMAIL: (value) => textLike(value, /^[^\s@]+@[^\s@]+\.[^\s@.]+$/, 'must be an e-mail address'),
  JSON: (value) => (typeof value === 'string' ? parsed(value, JSON.parse, 'JSON') : value),
  YAML: (value) => (typeof value === 'string' ? parsed(value, (source) => parseYaml(source), 'YAML') : value),
  // Files come as URIs here; bytes were stored before.
  FILE: readUri,
};

/**
 * Reads a value as an input type, `ARRAY` and `MULTISELECT` item by item.
 * @throws InputFault
 */
export function readInputValue(type: string, value: unknown, itemType = 'STRING'): unknown {
  const name = type.toUpperCase();
  if (name === 'ARRAY' || name === 'MULTISELECT') {
    return readList(value).map((item, index) => {
      try {
        return readInputValue(itemType, item);
      } catch (fault) {
        if (fault instanceof InputFault) throw new InputFault(`item ${index + 1} ${fault.message}`);
        throw fault;
      }
    });
  }
  const reader = Object.hasOwn(readers, name) ? readers[name] : undefined;
  if (reader === undefined) throw new InputFault(`has the type "${type}", which this engine does not have`);
  return reader(value);
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new InputFault('must be a text');
}

function textLike(value: unknown, pattern: RegExp, problem: string): string {
  if (typeof value !== 'string' || !pattern.test(value)) throw new InputFault(problem);
  return value;
}

function matching(
  value: unknown,
  holds: (value: number) => boolean,
  pattern: RegExp,
  problem: string,
): number {
  const number = typeof value === 'string' && pattern.test(value.trim()) ? Number(value) : value;
  if (typeof number !== 'number' || !holds(number)) throw new InputFault(problem);
  return number;
}

function readBoolean(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  const word = typeof value === 'string' ? value.trim().toLowerCase() : '';
  if (word !== 'true' && word !== 'false') throw new InputFault('must be true or false');
  return word === 'true';
}

/** Comes out in UTC, without a fraction that is zero, as Kestra prints instants. */
function readDateTime(value: unknown): string {
  const pattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/i;
  const time =
    value instanceof Date ? value : new Date(typeof value === 'string' && pattern.test(value) ? value : '');
  if (Number.isNaN(time.getTime())) {
    throw new InputFault('must be a date and time with a zone, such as 2026-01-31T13:45:00Z');
  }
  return time.toISOString().replace('.000Z', 'Z');
}

function readDate(value: unknown): string {
  const day = textLike(value, /^\d{4}-\d\d-\d\d$/, 'must be a date such as 2026-01-31');
  const time = new Date(`${day}T00:00:00Z`);
  // Date rolls the 31st of a short month over into the next one.
  if (Number.isNaN(time.getTime()) || !time.toISOString().startsWith(day)) {
    throw new InputFault('must be a date of the calendar');
  }
  return day;
}

function readUri(value: unknown): string {
  if (typeof value !== 'string' || !/^[a-z][a-z0-9+.-]*:/i.test(value)) throw new InputFault('must be a URI');
  return value;
}

function readList(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value !== 'string') throw new InputFault('must be a list');
  if (!value.trim().startsWith('[')) return [value];
  return parsed(value, JSON.parse, 'a JSON list') as unknown[];
}

function parsed(source: string, parse: (source: string) => unknown, what: string): unknown {
  try {
    return parse(source);
  } catch {
    throw new InputFault(`must be ${what}`);
  }
}
