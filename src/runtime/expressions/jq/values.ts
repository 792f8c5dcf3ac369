import type { Toolbox } from '../scope.js';
import { isForbiddenKey } from '../values/kinds.js';
import type { JqOperator } from './nodes.js';

/** Every walk over values is paid for: values share their parts, so a small program can make a huge one. */
export type JqBudget = Toolbox['budget'];

/** A JSON value. */
export type Json = unknown;
export type JsonObject = Record<string, unknown>;

/** A failure inside a jq program, which `try` and `?` catch; `value` is what `catch` receives. */
export class JqError extends Error {
  readonly value: Json;

  constructor(value: Json) {
    super(typeof value === 'string' ? value : 'an error that is not text');
    this.value = value;
  }
}

export function typeOf(value: Json): 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object' {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  const type = typeof value;
  return type === 'boolean' || type === 'number' || type === 'string' ? type : 'object';
}

export function isObject(value: Json): value is JsonObject {
  return typeOf(value) === 'object';
}

export function isTruthy(value: Json): boolean {
  return value !== null && value !== undefined && value !== false;
}

/** An object of entries; later ones win. Keys that lead to a prototype are left out. */
export function objectOf(entries: Iterable<readonly [string, Json]>): JsonObject {
  return Object.fromEntries([...entries].filter(([key]) => !isForbiddenKey(key)));
}

export function sortedKeys(object: JsonObject): string[] {
  return Object.keys(object).sort(compareText);
}

const ORDER = ['null', 'boolean', 'number', 'string', 'array', 'object'];

/** jq's total order: null, false, true, numbers, strings, arrays, objects. */
export function compareJson(a: Json, b: Json, budget: JqBudget): number {
  budget.spend();
  if (a === b) return 0;
  const kind = typeOf(a);
  const kinds = ORDER.indexOf(kind) - ORDER.indexOf(typeOf(b));
  if (kinds !== 0) return kinds;
  if (kind === 'boolean' || kind === 'number') return Number(a) - Number(b);
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (Array.isArray(a) && Array.isArray(b)) return compareLists(a, b, budget);
  if (!isObject(a) || !isObject(b)) return 0;
  const keys = sortedKeys(a);
  const byKeys = compareLists(keys, sortedKeys(b), budget);
  if (byKeys !== 0) return byKeys;
  return compareLists(
    keys.map((key) => a[key]),
    keys.map((key) => b[key]),
    budget,
  );
}

function compareLists(a: readonly Json[], b: readonly Json[], budget: JqBudget): number {
  for (const [index, item] of a.entries()) {
    if (index >= b.length) return 1;
    const order = compareJson(item, b[index], budget);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function operate(operator: JqOperator, a: Json, b: Json, budget: JqBudget): Json {
  switch (operator) {
    case '==':
      return compareJson(a, b, budget) === 0;
    case '!=':
      return compareJson(a, b, budget) !== 0;
    case '<':
      return compareJson(a, b, budget) < 0;
    case '<=':
      return compareJson(a, b, budget) <= 0;
    case '>':
      return compareJson(a, b, budget) > 0;
    case '>=':
      return compareJson(a, b, budget) >= 0;
    case '+':
      return add(a, b, budget);
    case '-':
      if (Array.isArray(a) && Array.isArray(b))
        return a.filter((item) => b.every((gone) => compareJson(item, gone, budget) !== 0));
      break;
    case '*':
      if (isObject(a) && isObject(b)) return mergeDeep(a, b, budget);
      break;
    case '/':
      if (typeof a === 'string' && typeof b === 'string') return b === '' ? [...a] : a.split(b);
      break;
    case '%':
      break;
  }
  if (typeof a === 'number' && typeof b === 'number') return calculate(operator, a, b);
  throw new JqError(`"${operator}" cannot be applied to ${typeOf(a)} and ${typeOf(b)}`);
}

export function add(a: Json, b: Json, budget: JqBudget): Json {
  if (a === null || a === undefined) return b ?? null;
  if (b === null || b === undefined) return a;
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  if (typeof a === 'string' && typeof b === 'string') {
    budget.fits(a.length + b.length);
    return a + b;
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    budget.spend(a.length + b.length);
    return [...a, ...b];
  }
  if (isObject(a) && isObject(b)) {
    budget.spend(Object.keys(a).length + Object.keys(b).length);
    return { ...a, ...b };
  }
  throw new JqError(`"+" cannot be applied to ${typeOf(a)} and ${typeOf(b)}`);
}

function calculate(operator: JqOperator, a: number, b: number): number {
  if (operator === '-') return a - b;
  if (operator === '*') return a * b;
  if (b === 0 || (operator === '%' && Math.trunc(b) === 0))
    throw new JqError('a number cannot be divided by zero');
  return operator === '/' ? a / b : Math.trunc(a) % Math.abs(Math.trunc(b));
}

function mergeDeep(a: JsonObject, b: JsonObject, budget: JqBudget): JsonObject {
  budget.spend(Object.keys(a).length + Object.keys(b).length);
  const merged: JsonObject = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const before = Object.hasOwn(merged, key) ? merged[key] : undefined;
    merged[key] = isObject(before) && isObject(value) ? mergeDeep(before, value, budget) : value;
  }
  return merged;
}
