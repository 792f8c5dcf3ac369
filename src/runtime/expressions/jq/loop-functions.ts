import { arg, combinations, type FilterFunction } from './arguments.js';
import { firstOf, type JqItem, type JqRun, made, recurse, valuesOf } from './machine.js';
import type { JqFilter } from './nodes.js';
import { isTruthy, JqError } from './values.js';

function* recurseWith(filter: JqFilter, input: JqItem, run: JqRun): Generator<JqItem> {
  yield input;
  for (const item of run.evaluate(filter, input, run)) yield* recurseWith(filter, item, run);
}

function* limit(args: readonly JqFilter[], input: JqItem, run: JqRun): Generator<JqItem> {
  for (const count of valuesOf(arg(args, 0), input, run)) {
    let left = Number(count);
    if (left <= 0) continue;
    for (const item of run.evaluate(arg(args, 1), input, run)) {
      yield item;
      if (--left <= 0) break;
    }
  }
}

function* until(args: readonly JqFilter[], input: JqItem, run: JqRun): Generator<JqItem> {
  let item = input;
  while (!isTruthy(firstOf(arg(args, 0), made(item.value), run)?.value)) {
    const next = firstOf(arg(args, 1), item, run);
    if (next === undefined) return;
    item = next;
  }
  yield item;
}

function* whileTrue(args: readonly JqFilter[], input: JqItem, run: JqRun): Generator<JqItem> {
  let item: JqItem | undefined = input;
  while (item !== undefined && isTruthy(firstOf(arg(args, 0), made(item.value), run)?.value)) {
    yield item;
    item = firstOf(arg(args, 1), item, run);
  }
}

function* repeat(args: readonly JqFilter[], input: JqItem, run: JqRun): Generator<JqItem> {
  for (let item: JqItem | undefined = input; item !== undefined; item = firstOf(arg(args, 0), item, run))
    yield item;
}

function* range(args: readonly JqFilter[], input: JqItem, run: JqRun): Generator<JqItem> {
  for (const [from = 0, to = 0, by = 1] of combinations(args, input, run)) {
    if (typeof from !== 'number' || typeof to !== 'number' || typeof by !== 'number') {
      throw new JqError('a range needs numbers');
    }
    if (by === 0) continue;
    for (let value = from; by > 0 ? value < to : value > to; value += by) {
      run.budget.spend();
      yield made(value);
    }
  }
}

export const LOOP_FUNCTIONS: readonly (readonly [string, FilterFunction])[] = [
  ['recurse/0', (_args, input, run) => recurse(input, run)],
  ['recurse/1', (args, input, run) => recurseWith(arg(args, 0), input, run)],
  ['limit/2', limit],
  ['until/2', until],
  ['while/2', whileTrue],
  ['repeat/1', repeat],
  ['range/1', (args, input, run) => range([{ kind: 'literal', value: 0 }, arg(args, 0)], input, run)],
  ['range/2', range],
  ['range/3', range],
];
