import { Fault } from '../fault.js';
import { type Budget, LIMITS } from '../limits.js';
import { describeKind, isMap, mapEntries, numberOf } from './kinds.js';
import { printValue } from './print.js';

type Spender = Pick<Budget, 'spend' | 'fits'>;

/** `==`: by value, and never across kinds; `1 == '1'` is false, as in Pebble. */
export function isEqual(left: unknown, right: unknown, budget: Spender, depth = 0): boolean {
  budget.spend();
  if (depth > LIMITS.valueDepth) throw new Fault('a value is nested too deeply to compare');
  const a = left ?? null;
  const b = right ?? null;
  if (a === b) return true;
  const leftNumber = numberOf(a);
  const rightNumber = numberOf(b);
  if (leftNumber !== null && rightNumber !== null) return Number(leftNumber) === Number(rightNumber);
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime();
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => isEqual(item, b[index], budget, depth + 1));
  }
  if (!isMap(a) || !isMap(b)) return false;
  const others = new Map(mapEntries(b));
  const entries = mapEntries(a);
  return (
    entries.length === others.size &&
    entries.every(([key, value]) => others.has(key) && isEqual(value, others.get(key), budget, depth + 1))
  );
}

/** Below zero, zero or above; null when one side is null, which compares as false. Strings compare by code unit. */
export function compare(left: unknown, right: unknown): number | null {
  if (left === null || left === undefined || right === null || right === undefined) return null;
  const a = left instanceof Date ? left.getTime() : numberOf(left);
  const b = right instanceof Date ? right.getTime() : numberOf(right);
  if (a !== null && b !== null) return a < b ? -1 : a > b ? 1 : 0;
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0;
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right);
  throw new Fault(`${describeKind(left)} cannot be compared with ${describeKind(right)}`, {
    hint: 'Convert text with "| number".',
  });
}

/** `left contains right`: an element of a list (or all of a list's), a key of a map, a part of a string. */
export function contains(left: unknown, right: unknown, budget: Spender): boolean {
  if (left === null || left === undefined) return false;
  if (Array.isArray(left)) {
    const wanted: readonly unknown[] = Array.isArray(right) ? right : [right];
    return wanted.every((item) => left.some((element) => isEqual(element, item, budget)));
  }
  if (isMap(left)) return mapEntries(left).some(([key]) => key === printValue(right, budget));
  if (typeof left === 'string') return left.includes(printValue(right, budget));
  throw new Fault(`"contains" needs a list, a map or a string on its left, not ${describeKind(left)}`);
}

/** `left in right`, by printed form as in Kestra: an element of a list, or a key or value of a map. */
export function isIn(left: unknown, right: unknown, budget: Spender): boolean {
  if (left === null || left === undefined || right === null || right === undefined) return false;
  const wanted = printValue(left, budget);
  const has = (item: unknown): boolean => {
    budget.spend();
    return item !== null && item !== undefined && printValue(item, budget) === wanted;
  };
  if (Array.isArray(right)) return right.some(has);
  if (isMap(right)) return mapEntries(right).some(([key, value]) => key === wanted || has(value));
  throw new Fault(`"in" needs a list or a map on its right, not ${describeKind(right)}`, {
    hint: 'To look for text in text, write "a contains b".',
  });
}

/** What `if`, `and`, `not` and `? :` make of a value: false are false, 0, '' and null. */
export function isTrue(value: unknown): boolean {
  if (value === null || value === undefined) return false;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') return value !== '';
  const number = numberOf(value);
  if (number !== null) return !Number.isNaN(number) && Number(number) !== 0;
  throw new Fault(`a condition needs a boolean, not ${describeKind(value)}`, {
    hint: 'Write "is not empty".',
  });
}

/** The test `empty`: null, blank text, an empty list or map. */
export function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (typeof value === 'string') return value.trim() === '';
  if (Array.isArray(value)) return value.length === 0;
  return isMap(value) && mapEntries(value).length === 0;
}
