import { Real } from './real.js';

/** Names that lead from a value to the JavaScript behind it. They are never read and never written. */
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

export function isForbiddenKey(key: string): boolean {
  return FORBIDDEN_KEYS.has(key);
}

/** A map to an expression: a plain object or a Map. Instances of classes are opaque. */
export function isMap(value: unknown): value is Map<unknown, unknown> | Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  if (value instanceof Map) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

export function mapKeys(map: Map<unknown, unknown> | Record<string, unknown>): string[] {
  const keys = map instanceof Map ? Array.from(map.keys(), String) : Object.keys(map);
  return keys.filter((key) => !isForbiddenKey(key));
}

/** Entries in the map's own order, without those whose key is forbidden. */
export function mapEntries(map: Map<unknown, unknown> | Record<string, unknown>): [string, unknown][] {
  const entries: [unknown, unknown][] = map instanceof Map ? [...map.entries()] : Object.entries(map);
  return entries
    .map(([key, value]): [string, unknown] => [String(key), value])
    .filter(([key]) => !isForbiddenKey(key));
}

/** A number or a bigint, out of its `Real` mark; null for anything else. */
export function numberOf(value: unknown): number | bigint | null {
  if (value instanceof Real) return value.value;
  return typeof value === 'number' || typeof value === 'bigint' ? value : null;
}

/** The value as JavaScript callers expect it: no marks, no bigints, no undefined. */
export function plainValue(value: unknown): unknown {
  if (value === undefined) return null;
  if (value instanceof Real) return value.value;
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value.toString();
  }
  return value;
}

/** The kind of a value, with its article, for messages. Never the value: it may be a secret. */
export function describeKind(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Date) return 'a date';
  if (numberOf(value) !== null) return 'a number';
  if (typeof value === 'string') return 'a string';
  if (typeof value === 'boolean') return 'a boolean';
  return isMap(value) ? 'a map' : 'an object that expressions cannot read';
}

/** What a walk over a value costs, in steps: little for text, more for maps; nothing for small values. */
export function walkOf(value: unknown): number {
  if (typeof value === 'string') return Math.floor(value.length / 1_000);
  if (Array.isArray(value)) return Math.floor(value.length / 200);
  if (value instanceof Map) return Math.floor(value.size / 5);
  return isMap(value) ? Math.floor(Object.keys(value).length / 5) : 0;
}
