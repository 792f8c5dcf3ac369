import { type JqItem, type JqRun, valuesOf } from './machine.js';
import type { JqFilter } from './nodes.js';
import type { Json } from './values.js';

/** A function that takes filters; it decides when, how often and for what each runs. */
export type FilterFunction = (args: readonly JqFilter[], input: JqItem, run: JqRun) => Generator<JqItem>;

const IDENTITY: JqFilter = { kind: 'identity' };

/** The argument at `index`; the table of functions has seen to it that it is there. */
export function arg(args: readonly JqFilter[], index: number): JqFilter {
  return args[index] ?? IDENTITY;
}

export function* one(item: JqItem | undefined): Generator<JqItem> {
  if (item !== undefined) yield item;
}

/** Every combination of the arguments' results; the last argument varies slowest, as in jq. */
export function* combinations(args: readonly JqFilter[], input: JqItem, run: JqRun): Generator<Json[]> {
  const last = args.at(-1);
  if (last === undefined) return yield [];
  for (const value of valuesOf(last, input, run)) {
    for (const before of combinations(args.slice(0, -1), input, run)) yield [...before, value];
  }
}
