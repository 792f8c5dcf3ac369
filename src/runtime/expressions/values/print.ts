import { Fault } from '../fault.js';
import { type Budget, LIMITS } from '../limits.js';
import { describeKind, isMap, mapEntries } from './kinds.js';
import { Real } from './real.js';

type Spender = Pick<Budget, 'spend' | 'fits'>;

/**
 * A value as text: strings as they are, numbers without exponent, null as nothing, dates in ISO 8601, lists and maps
 * as JSON (as Kestra prints them).
 */
export function printValue(value: unknown, budget: Spender): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  if (typeof value === 'boolean') return String(value);
  if (value instanceof Date) return printDate(value);
  const number = printNumber(value);
  return number ?? writeJson(value, budget);
}

/** JSON without spaces. `undefined` members are left out, as `JSON.stringify` does. */
export function writeJson(value: unknown, budget: Spender): string {
  const writer = new JsonWriter(budget);
  writer.write(value, 0);
  return writer.text();
}

class JsonWriter {
  readonly #budget: Spender;
  readonly #parts: string[] = [];
  #length = 0;

  constructor(budget: Spender) {
    this.#budget = budget;
  }

  text(): string {
    return this.#parts.join('');
  }

  write(value: unknown, depth: number): void {
    this.#budget.spend();
    if (depth > LIMITS.valueDepth) throw new Fault('a value is nested too deeply to print');
    if (Array.isArray(value)) this.#writeList(value, depth);
    else if (isMap(value)) this.#writeMap(mapEntries(value), depth);
    else this.#put(scalarJson(value));
  }

  #writeList(items: readonly unknown[], depth: number): void {
    this.#put('[');
    for (const [index, item] of items.entries()) {
      if (index > 0) this.#put(',');
      this.write(item, depth + 1);
    }
    this.#put(']');
  }

  #writeMap(entries: readonly [string, unknown][], depth: number): void {
    this.#put('{');
    let separator = '';
    for (const [key, member] of entries) {
      if (member === undefined) continue;
      this.#put(`${separator}${JSON.stringify(key)}:`);
      separator = ',';
      this.write(member, depth + 1);
    }
    this.#put('}');
  }

  #put(text: string): void {
    this.#length += text.length;
    this.#budget.fits(this.#length);
    this.#parts.push(text);
  }
}

function scalarJson(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'boolean') return String(value);
  if (value instanceof Date) return JSON.stringify(printDate(value));
  if (typeof value === 'number' && !Number.isFinite(value)) return 'null';
  const number = printNumber(value);
  if (number !== null) return number;
  throw new Fault(`${describeKind(value)} cannot be printed`);
}

/** A copy of a value made of JSON's types only, for libraries that walk it. */
export function toJsonValue(value: unknown, budget: Spender): unknown {
  return JSON.parse(writeJson(value, budget));
}

function printDate(date: Date): string {
  if (Number.isNaN(date.getTime())) throw new Fault('a date is not valid');
  return date.toISOString();
}

function printNumber(value: unknown): string | null {
  if (value instanceof Real) return `${expand(value.value)}.0`;
  if (typeof value === 'bigint') return value.toString();
  return typeof value === 'number' ? expand(value) : null;
}

/** `1e21` and `1e-7` written out. */
function expand(value: number): string {
  const short = String(value);
  if (!short.includes('e')) return Object.is(value, -0) ? '0' : short;
  if (Number.isInteger(value)) return BigInt(value).toString();
  const [mantissa = '', exponent = '0'] = short.split('e');
  const digits = mantissa.replace('-', '').replace('.', '');
  const zeros = '0'.repeat(-Number(exponent) - 1);
  return `${value < 0 ? '-' : ''}0.${zeros}${digits}`;
}
