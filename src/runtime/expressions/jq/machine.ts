import type { Regex, RegexFlags } from '../values/regex.js';
import type { JqFilter } from './nodes.js';
import { child, type JqPath } from './paths.js';
import { isObject, type JqBudget, JqError, type Json, typeOf } from './values.js';

/** A value on its way through a program, and where in the input it was found; null when it was made on the way. */
export interface JqItem {
  readonly value: Json;
  readonly path: JqPath | null;
}

/** What a filter runs in: its variables, and the means of the builtins. */
export interface JqRun {
  readonly variables: ReadonlyMap<string, Json>;
  readonly budget: JqBudget;
  /** The results of a filter, one after the other. */
  evaluate(filter: JqFilter, input: JqItem, run: JqRun): Generator<JqItem>;
  readonly clock: () => Date;
  /** Compiles a regular expression; null when the program uses none, so that the library is not loaded. */
  readonly regex: ((pattern: string, flags: RegexFlags) => Regex) | null;
}

/** The results without their paths. */
export function* valuesOf(filter: JqFilter, input: JqItem | { value: Json }, run: JqRun): Generator<Json> {
  for (const item of run.evaluate(filter, { value: input.value, path: null }, run)) yield item.value;
}

/** The first result, or undefined when there is none; what would come behind it never runs. */
export function firstOf(filter: JqFilter, input: JqItem, run: JqRun): JqItem | undefined {
  for (const item of run.evaluate(filter, input, run)) return item;
  return undefined;
}

/** The paths of the results; a result that was made on the way has none, which is an error. */
export function pathsOf(filter: JqFilter, value: Json, run: JqRun): JqPath[] {
  return Array.from(run.evaluate(filter, { value, path: [] }, run), ({ path }) => {
    if (path === null) throw new JqError('the expression does not lead to a place in its input');
    return path;
  });
}

export function made(value: Json): JqItem {
  return { value: value ?? null, path: null };
}

/** What a function made, after it is paid for by its size. */
export function paid(value: Json, run: JqRun): JqItem {
  if (typeof value === 'string') run.budget.fits(value.length);
  else if (Array.isArray(value)) run.budget.spend(value.length);
  return made(value);
}

export function childItem(item: JqItem, key: Json): JqItem {
  return { value: child(item.value, key), path: item.path === null ? null : [...item.path, key] };
}

export function* iterate(item: JqItem, run: JqRun): Generator<JqItem> {
  const { value } = item;
  if (!Array.isArray(value) && !isObject(value))
    throw new JqError(`${typeOf(value)} cannot be iterated over`);
  const keys: Json[] = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  run.budget.spend(keys.length);
  for (const key of keys) yield childItem(item, key);
}

export function* recurse(item: JqItem, run: JqRun): Generator<JqItem> {
  run.budget.spend();
  yield item;
  if (!Array.isArray(item.value) && !isObject(item.value)) return;
  for (const inner of iterate(item, run)) yield* recurse(inner, run);
}

/** A filter's results for every element of the input. */
export function* inEach(filter: JqFilter, input: JqItem, run: JqRun): Generator<JqItem> {
  for (const item of iterate(input, run)) yield* run.evaluate(filter, item, run);
}
