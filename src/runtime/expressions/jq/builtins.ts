import { Fault } from '../fault.js';
import { nearestName } from '../nearest.js';
import { walkOf } from '../values/kinds.js';
import { arg, combinations, type FilterFunction, one } from './arguments.js';
import { ENTRY_FUNCTIONS } from './entry-functions.js';
import { LOOP_FUNCTIONS } from './loop-functions.js';
import {
  childItem,
  firstOf,
  inEach,
  iterate,
  type JqItem,
  type JqRun,
  made,
  paid,
  valuesOf,
} from './machine.js';
import type { JqFilter } from './nodes.js';
import { ORDER_FUNCTIONS } from './order-functions.js';
import { PATH_FUNCTIONS } from './path-functions.js';
import { REGEX_FUNCTIONS } from './regex-functions.js';
import { findValueFunction, KINDS, VALUE_FUNCTIONS } from './value-functions.js';
import { compareJson, isTruthy, JqError, type Json, operate } from './values.js';

const IDENTITY: JqFilter = { kind: 'identity' };

/** Functions that take filters, by name and number of arguments; those of plain values are in a table of their own. */
const BUILTINS: ReadonlyMap<string, FilterFunction> = new Map<string, FilterFunction>([
  ['empty/0', function* () {}],
  ['error/0', (_args, input) => error(input.value)],
  ['error/1', (args, input, run) => error(firstOf(arg(args, 0), input, run)?.value ?? null)],
  ['select/1', select],
  ['map/1', (args, input, run) => collect(inEach(arg(args, 0), input, run))],
  ['map_values/1', (args, input, run) => assignEach(arg(args, 0), input, run)],
  ['first/0', (_args, input) => one(childItem(input, 0))],
  ['last/0', (_args, input) => one(childItem(input, -1))],
  ['first/1', (args, input, run) => one(firstOf(arg(args, 0), input, run))],
  ['last/1', (args, input, run) => one([...run.evaluate(arg(args, 0), input, run)].at(-1))],
  [
    'nth/1',
    function* (args, input, run) {
      for (const index of valuesOf(arg(args, 0), input, run)) yield childItem(input, index);
    },
  ],
  ['any/0', (_args, input, run) => quantify(iterate(input, run), IDENTITY, true, run)],
  ['all/0', (_args, input, run) => quantify(iterate(input, run), IDENTITY, false, run)],
  ['any/1', (args, input, run) => quantify(iterate(input, run), arg(args, 0), true, run)],
  ['all/1', (args, input, run) => quantify(iterate(input, run), arg(args, 0), false, run)],
  ['any/2', (args, input, run) => quantify(run.evaluate(arg(args, 0), input, run), arg(args, 1), true, run)],
  ['all/2', (args, input, run) => quantify(run.evaluate(arg(args, 0), input, run), arg(args, 1), false, run)],
  ['IN/1', (args, input, run) => isAmong(input.value, arg(args, 0), input, run)],
  ['add/1', (args, input, run) => sum(valuesOf(arg(args, 0), input, run), run)],
  ...LOOP_FUNCTIONS,
  ...ORDER_FUNCTIONS,
  ...PATH_FUNCTIONS,
  ...ENTRY_FUNCTIONS,
  ...REGEX_FUNCTIONS,
]);

/** Calls a function by name and number of arguments. */
export function* callBuiltin(
  name: string,
  args: readonly JqFilter[],
  input: JqItem,
  run: JqRun,
): Generator<JqItem> {
  const id = `${name}/${args.length}`;
  const builtin = BUILTINS.get(id);
  if (builtin !== undefined) return yield* builtin(args, input, run);
  const isKind = KINDS.get(id);
  if (isKind !== undefined) return yield* one(isKind(input.value) ? input : undefined);
  const call = findValueFunction(id);
  run.budget.spend(walkOf(input.value));
  for (const values of combinations(args, input, run)) yield paid(call(input.value, values, run), run);
}

/** Fails before anything runs when a program calls what there is not. */
export function assertBuiltin(name: string, count: number): void {
  const id = `${name}/${count}`;
  const tables = [BUILTINS, VALUE_FUNCTIONS, KINDS];
  if (tables.some((table) => table.has(id))) return;
  const names = tables.flatMap((table) => Array.from(table.keys(), (key) => key.slice(0, key.indexOf('/'))));
  const counted = names.includes(name) ? ` with ${count} argument${count === 1 ? '' : 's'}` : '';
  const nearest = nearestName(name, names);
  throw new Fault(`the jq function "${name}"${counted} is not supported`, {
    ...(nearest === null || nearest === name ? {} : { hint: `Did you mean "${nearest}"?` }),
  });
}

function error(value: Json): never {
  throw new JqError(value);
}

function* collect(items: Iterable<JqItem>): Generator<JqItem> {
  yield made(Array.from(items, (item) => item.value));
}

function assignEach(filter: JqFilter, input: JqItem, run: JqRun): Generator<JqItem> {
  const left: JqFilter = { kind: 'iterate', target: IDENTITY };
  return run.evaluate({ kind: 'assign', operator: '|=', left, right: filter }, input, run);
}

function* select(args: readonly JqFilter[], input: JqItem, run: JqRun): Generator<JqItem> {
  for (const condition of valuesOf(arg(args, 0), input, run)) if (isTruthy(condition)) yield input;
}

function* quantify(
  items: Iterable<JqItem>,
  condition: JqFilter,
  isAny: boolean,
  run: JqRun,
): Generator<JqItem> {
  for (const item of items) {
    for (const value of valuesOf(condition, item, run)) {
      if (isTruthy(value) === isAny) return yield made(isAny);
    }
  }
  yield made(!isAny);
}

function* isAmong(value: Json, source: JqFilter, input: JqItem, run: JqRun): Generator<JqItem> {
  for (const candidate of valuesOf(source, input, run)) {
    if (compareJson(value, candidate, run.budget) === 0) return yield made(true);
  }
  yield made(false);
}

function* sum(values: Iterable<Json>, run: JqRun): Generator<JqItem> {
  let total: Json = null;
  for (const value of values) total = operate('+', total, value, run.budget);
  yield made(total);
}
