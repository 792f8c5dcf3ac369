import { textOf } from './formats.js';
import type { JqRun } from './machine.js';
import { deletePaths } from './paths.js';
import { TEXT_FUNCTIONS } from './text-functions.js';
import { array, number, text, type ValueFunction } from './value-kinds.js';
import {
  add,
  compareJson,
  isObject,
  isTruthy,
  JqError,
  type Json,
  objectOf,
  sortedKeys,
  typeOf,
} from './values.js';

function math(calculate: (value: number) => number): ValueFunction {
  return (value) => calculate(number(value));
}

function sort(value: Json, run: JqRun): Json[] {
  return [...array(value)].sort((a, b) => compareJson(a, b, run.budget));
}

function length(value: Json): number {
  if (value === null) return 0;
  if (typeof value === 'string') return [...value].length;
  if (typeof value === 'number') return Math.abs(value);
  if (Array.isArray(value)) return value.length;
  if (isObject(value)) return Object.keys(value).length;
  throw new JqError(`${typeOf(value)} has no length`);
}

function keys(value: Json): Json[] {
  if (Array.isArray(value)) return [...value.keys()];
  if (isObject(value)) return sortedKeys(value);
  throw new JqError(`${typeOf(value)} has no keys`);
}

function has(value: Json, [key]: readonly Json[]): boolean {
  if (isObject(value) && typeof key === 'string') return Object.hasOwn(value, key);
  if (Array.isArray(value) && typeof key === 'number') return key >= 0 && key < value.length;
  throw new JqError(`${typeOf(value)} cannot have the key ${typeOf(key)}`);
}

function contains(a: Json, b: Json, run: JqRun): boolean {
  run.budget.spend();
  if (isObject(a) && isObject(b)) {
    return Object.entries(b).every(([key, value]) => Object.hasOwn(a, key) && contains(a[key], value, run));
  }
  if (Array.isArray(a) && Array.isArray(b))
    return b.every((item) => a.some((own) => contains(own, item, run)));
  if (typeof a === 'string' && typeof b === 'string') return a.includes(b);
  return compareJson(a, b, run.budget) === 0;
}

function containsSame(a: Json, b: Json, run: JqRun): boolean {
  if (typeOf(a) === typeOf(b)) return contains(a, b, run);
  throw new JqError(`${typeOf(a)} cannot contain ${typeOf(b)}`);
}

function flatten(items: readonly Json[], depth: number, run: JqRun): Json[] {
  return items.flatMap((item) => {
    run.budget.spend();
    return Array.isArray(item) && depth > 0 ? flatten(item, depth - 1, run) : [item];
  });
}

/** `{key, value}`, `{k, v}` or `{name, value}` each; keys that are not text become it. */
export function fromEntries(value: Json, run: JqRun): Json {
  return objectOf(
    array(value).map((entry): [string, Json] => {
      if (!isObject(entry)) throw new JqError(`an entry must be an object, not ${typeOf(entry)}`);
      const pick = (names: readonly string[]): Json => {
        const name = names.find(
          (candidate) => Object.hasOwn(entry, candidate) && isTruthyOrFalse(entry[candidate]),
        );
        return name === undefined ? null : entry[name];
      };
      return [
        textOf(pick(['key', 'k', 'name', 'Name', 'Key', 'K']), run.budget),
        pick(['value', 'v', 'Value', 'V']),
      ];
    }),
  );
}

function isTruthyOrFalse(value: Json): boolean {
  return isTruthy(value) || value === false;
}

function indices(value: Json, [wanted]: readonly Json[], run: JqRun): number[] | null {
  if (value === null) return null;
  const found: number[] = [];
  if (typeof value === 'string') {
    const part = text(wanted);
    for (let at = value.indexOf(part); part !== '' && at >= 0; at = value.indexOf(part, at + 1))
      found.push(at);
    run.budget.spend(found.length);
    return found;
  }
  const list = array(value);
  const parts = Array.isArray(wanted) ? wanted : [wanted];
  for (let at = 0; parts.length > 0 && at + parts.length <= list.length; at++) {
    if (parts.every((part, index) => compareJson(list[at + index], part, run.budget) === 0)) found.push(at);
  }
  return found;
}

function unique(value: Json, run: JqRun): Json[] {
  const sorted = sort(value, run);
  return sorted.filter((item, at) => at === 0 || compareJson(item, sorted[at - 1], run.budget) !== 0);
}

function transpose(value: Json, run: JqRun): Json[][] {
  const rows = array(value).map(array);
  const width = Math.max(0, ...rows.map((row) => row.length));
  run.budget.spend(width * rows.length);
  return Array.from({ length: width }, (_, column) => rows.map((row) => row[column] ?? null));
}

/** By name and number of arguments. */
export const VALUE_FUNCTIONS: ReadonlyMap<string, ValueFunction> = new Map<string, ValueFunction>([
  ['not/0', (value) => !isTruthy(value)],
  ['length/0', length],
  ['keys/0', keys],
  ['keys_unsorted/0', (value) => (isObject(value) ? Object.keys(value) : keys(value))],
  ['has/1', has],
  ['in/1', (value, [container]) => has(container, [value])],
  ['contains/1', (value, [part], run) => containsSame(value, part, run)],
  ['inside/1', (value, [whole], run) => containsSame(whole, value, run)],
  ['type/0', typeOf],
  ['floor/0', math(Math.floor)],
  ['ceil/0', math(Math.ceil)],
  ['round/0', math((value) => Math.sign(value) * Math.round(Math.abs(value)))],
  ['sqrt/0', math(Math.sqrt)],
  ['fabs/0', math(Math.abs)],
  ['abs/0', math(Math.abs)],
  ['isnan/0', (value) => Number.isNaN(number(value))],
  [
    'add/0',
    (value, _args, run) =>
      (isObject(value) ? Object.values(value) : array(value ?? [])).reduce<Json>(
        (sum, item) => add(sum, item, run.budget),
        null,
      ),
  ],
  ['sort/0', (value, _args, run) => sort(value, run)],
  ['unique/0', (value, _args, run) => unique(value, run)],
  ['min/0', (value, _args, run) => sort(value, run)[0] ?? null],
  ['max/0', (value, _args, run) => sort(value, run).at(-1) ?? null],
  [
    'reverse/0',
    (value) => (typeof value === 'string' ? [...value].reverse().join('') : array(value ?? []).toReversed()),
  ],
  ['flatten/0', (value, _args, run) => flatten(array(value), Number.POSITIVE_INFINITY, run)],
  ['flatten/1', (value, [depth], run) => flatten(array(value), number(depth), run)],
  ['from_entries/0', (value, _args, run) => fromEntries(value, run)],
  ['transpose/0', (value, _args, run) => transpose(value, run)],
  ['indices/1', indices],
  ['index/1', (value, args, run) => indices(value, args, run)?.[0] ?? null],
  ['rindex/1', (value, args, run) => indices(value, args, run)?.at(-1) ?? null],
  ['delpaths/1', (value, [paths], run) => deletePaths(value, array(paths).map(array), run.budget)],
  ['now/0', (_value, _args, run) => run.clock().getTime() / 1000],
  ...TEXT_FUNCTIONS,
]);

/** Functions that pass on a value of a kind. */
export const KINDS: ReadonlyMap<string, (value: Json) => boolean> = new Map([
  ['values/0', (value: Json) => value !== null],
  ['nulls/0', (value: Json) => value === null],
  ['booleans/0', (value: Json) => typeof value === 'boolean'],
  ['numbers/0', (value: Json) => typeof value === 'number'],
  ['strings/0', (value: Json) => typeof value === 'string'],
  ['arrays/0', (value: Json) => Array.isArray(value)],
  ['objects/0', isObject],
  ['iterables/0', (value: Json) => Array.isArray(value) || isObject(value)],
  ['scalars/0', (value: Json) => !Array.isArray(value) && !isObject(value)],
]);

export function findValueFunction(id: string): ValueFunction {
  const found = VALUE_FUNCTIONS.get(id);
  if (found !== undefined) return found;
  throw new JqError(`${id} is not defined`);
}
