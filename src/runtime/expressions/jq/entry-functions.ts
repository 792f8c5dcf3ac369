import { arg, type FilterFunction } from './arguments.js';
import { firstOf, inEach, iterate, type JqItem, type JqRun, made } from './machine.js';
import type { JqFilter } from './nodes.js';
import { fromEntries } from './value-functions.js';
import { isObject, JqError, type Json, objectOf, typeOf } from './values.js';

/** Functions of the entries of objects and arrays. */
export const ENTRY_FUNCTIONS: readonly (readonly [string, FilterFunction])[] = [
  [
    'to_entries/0',
    function* (_args, input, run) {
      yield made(entries(input, run));
    },
  ],
  ['with_entries/1', withEntries],
  [
    'walk/1',
    function* (args, input, run) {
      yield made(walk(arg(args, 0), input.value, run));
    },
  ],
];

function entries(input: JqItem, run: JqRun): Json[] {
  const { value } = input;
  if (!isObject(value) && !Array.isArray(value)) throw new JqError(`${typeOf(value)} has no keys`);
  return Array.from(iterate({ value, path: [] }, run), (item) => ({
    key: item.path?.[0] ?? null,
    value: item.value,
  }));
}

function* withEntries(args: readonly JqFilter[], input: JqItem, run: JqRun): Generator<JqItem> {
  const changed = inEach(arg(args, 0), made(entries(input, run)), run);
  yield made(
    fromEntries(
      Array.from(changed, (item) => item.value),
      run,
    ),
  );
}

function walk(filter: JqFilter, value: Json, run: JqRun): Json {
  run.budget.spend();
  let inner = value;
  if (Array.isArray(value)) inner = value.map((item: Json) => walk(filter, item, run));
  else if (isObject(value)) {
    inner = objectOf(Object.entries(value).map(([key, member]) => [key, walk(filter, member, run)] as const));
  }
  return firstOf(filter, made(inner), run)?.value ?? null;
}
