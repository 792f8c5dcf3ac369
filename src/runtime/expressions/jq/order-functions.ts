import { arg, type FilterFunction } from './arguments.js';
import { type JqItem, type JqRun, made, valuesOf } from './machine.js';
import type { JqFilter } from './nodes.js';
import { compareJson, JqError, type Json, typeOf } from './values.js';

interface Pair {
  readonly key: Json[];
  readonly value: Json;
}

/** The elements sorted by what the filter gives for each, handed to `pick`. */
function* ordered(
  args: readonly JqFilter[],
  input: JqItem,
  run: JqRun,
  pick: (pairs: Pair[]) => Json,
): Generator<JqItem> {
  const { value } = input;
  if (!Array.isArray(value)) throw new JqError(`${typeOf(value)} cannot be sorted`);
  const pairs = value.map(
    (item: Json): Pair => ({ key: [...valuesOf(arg(args, 0), made(item), run)], value: item }),
  );
  yield made(pick(pairs.sort((a, b) => compareJson(a.key, b.key, run.budget))));
}

function groups(pairs: readonly Pair[], run: JqRun): Json[][] {
  const result: Json[][] = [];
  let last: Pair | undefined;
  for (const pair of pairs) {
    const isSame = last !== undefined && compareJson(last.key, pair.key, run.budget) === 0;
    if (isSame) result.at(-1)?.push(pair.value);
    else result.push([pair.value]);
    last = pair;
  }
  return result;
}

/** Functions that order the elements of an array by what a filter gives for each. */
export const ORDER_FUNCTIONS: readonly (readonly [string, FilterFunction])[] = [
  ['sort_by/1', (args, input, run) => ordered(args, input, run, (pairs) => pairs.map((pair) => pair.value))],
  ['group_by/1', (args, input, run) => ordered(args, input, run, (pairs) => groups(pairs, run))],
  [
    'unique_by/1',
    (args, input, run) => ordered(args, input, run, (pairs) => groups(pairs, run).map(([first]) => first)),
  ],
  ['min_by/1', (args, input, run) => ordered(args, input, run, (pairs) => pairs[0]?.value)],
  ['max_by/1', (args, input, run) => ordered(args, input, run, (pairs) => pairs.at(-1)?.value)],
];
