import { assign } from './assign.js';
import { callBuiltin } from './builtins.js';
import { formatText } from './formats.js';
import { childItem, iterate, type JqItem, type JqRun, made, paid, recurse, valuesOf } from './machine.js';
import type { JqFilter } from './nodes.js';
import { isTruthy, JqError, type Json, objectOf, operate, typeOf } from './values.js';

type Node<K extends JqFilter['kind']> = Extract<JqFilter, { kind: K }>;
/** The kinds that share a shape: two filters side by side. */
type Chain = 'pipe' | 'comma' | 'and' | 'or' | 'alternative';

/** The results of a filter for one value, one after the other; those found in the input know their path. */
export function* runFilter(filter: JqFilter, input: JqItem, run: JqRun): Generator<JqItem> {
  run.budget.spend();
  switch (filter.kind) {
    case 'identity':
      return yield input;
    case 'literal':
      return yield made(filter.value);
    case 'recurse':
      return yield* recurse(input, run);
    case 'variable':
      return yield made(readVariable(filter.name, run));
    case 'text':
      return yield* joinParts(filter, 0, '', input, run);
    case 'format':
      return yield made(formatText(filter.name, input.value, run.budget));
    case 'index':
      for (const target of runFilter(filter.target, input, run)) {
        for (const key of valuesOf(filter.key, input, run)) yield childItem(target, key);
      }
      return;
    case 'slice':
      return yield* slice(filter, input, run);
    case 'iterate':
      for (const target of runFilter(filter.target, input, run)) yield* iterate(target, run);
      return;
    case 'array': {
      const items = filter.body === null ? [] : [...valuesOf(filter.body, input, run)];
      return yield made(items);
    }
    case 'object':
      return yield* construct(filter, 0, [], input, run);
    case 'negate':
      for (const value of valuesOf(filter.operand, input, run))
        yield made(operate('-', 0, value, run.budget));
      return;
    case 'pipe':
      for (const item of runFilter(filter.left, input, run)) yield* runFilter(filter.right, item, run);
      return;
    case 'comma':
      yield* runFilter(filter.left, input, run);
      return yield* runFilter(filter.right, input, run);
    case 'alternative':
      return yield* alternative(filter, input, run);
    case 'and':
    case 'or':
      return yield* decide(filter, input, run);
    case 'operate':
      for (const right of valuesOf(filter.right, input, run)) {
        for (const left of valuesOf(filter.left, input, run)) {
          yield paid(operate(filter.operator, left, right, run.budget), run);
        }
      }
      return;
    case 'assign':
      for (const value of assign(filter, input.value, run)) yield made(value);
      return;
    case 'if':
      for (const condition of valuesOf(filter.condition, input, run)) {
        yield* runFilter(isTruthy(condition) ? filter.yes : filter.otherwise, input, run);
      }
      return;
    case 'try':
      return yield* attempt(filter, input, run);
    case 'bind':
      for (const value of valuesOf(filter.source, input, run)) {
        yield* runFilter(filter.body, input, withVariable(run, filter.variable, value));
      }
      return;
    case 'reduce':
    case 'foreach':
      return yield* fold(filter, input, run);
    case 'call':
      return yield* callBuiltin(filter.name, filter.args, input, run);
  }
}

function readVariable(name: string, run: JqRun): Json {
  if (run.variables.has(name)) return run.variables.get(name);
  throw new JqError(`$${name} is not defined`);
}

function withVariable(run: JqRun, name: string, value: Json): JqRun {
  return { ...run, variables: new Map(run.variables).set(name, value) };
}

function* joinParts(
  filter: Node<'text'>,
  index: number,
  text: string,
  input: JqItem,
  run: JqRun,
): Generator<JqItem> {
  const part = filter.parts[index];
  if (part === undefined) return yield made(text);
  if (typeof part === 'string') return yield* joinParts(filter, index + 1, text + part, input, run);
  for (const value of valuesOf(part, input, run)) {
    const shown = formatText(filter.format ?? 'text', value, run.budget);
    run.budget.fits(text.length + shown.length);
    yield* joinParts(filter, index + 1, text + shown, input, run);
  }
}

function* slice(filter: Node<'slice'>, input: JqItem, run: JqRun): Generator<JqItem> {
  for (const target of runFilter(filter.target, input, run)) {
    for (const end of filter.to === null ? [null] : valuesOf(filter.to, input, run)) {
      for (const start of filter.from === null ? [null] : valuesOf(filter.from, input, run)) {
        yield childItem(target, { start, end });
      }
    }
  }
}

function* construct(
  filter: Node<'object'>,
  index: number,
  done: readonly (readonly [string, Json])[],
  input: JqItem,
  run: JqRun,
): Generator<JqItem> {
  const entry = filter.entries[index];
  if (entry === undefined) return yield made(objectOf(done));
  for (const key of valuesOf(entry.key, input, run)) {
    if (typeof key !== 'string') throw new JqError(`a key of an object must be a string, not ${typeOf(key)}`);
    for (const value of valuesOf(entry.value, input, run)) {
      yield* construct(filter, index + 1, [...done, [key, value]], input, run);
    }
  }
}

/** `a // b`: what is true in `a`; all of `b` when nothing is. */
function* alternative(filter: Node<Chain>, input: JqItem, run: JqRun): Generator<JqItem> {
  let found = false;
  for (const item of runFilter(filter.left, input, run)) {
    if (!isTruthy(item.value)) continue;
    found = true;
    yield item;
  }
  if (!found) yield* runFilter(filter.right, input, run);
}

function* decide(filter: Node<Chain>, input: JqItem, run: JqRun): Generator<JqItem> {
  for (const left of valuesOf(filter.left, input, run)) {
    if (isTruthy(left) === (filter.kind === 'or')) {
      yield made(filter.kind === 'or');
    } else {
      for (const right of valuesOf(filter.right, input, run)) yield made(isTruthy(right));
    }
  }
}

function* attempt(filter: Node<'try'>, input: JqItem, run: JqRun): Generator<JqItem> {
  try {
    yield* runFilter(filter.body, input, run);
  } catch (error) {
    if (!(error instanceof JqError)) throw error;
    if (filter.handler !== null) yield* runFilter(filter.handler, made(error.value), run);
  }
}

/** `reduce` gives the last state, `foreach` what it extracts from each. */
function* fold(filter: Node<'reduce' | 'foreach'>, input: JqItem, run: JqRun): Generator<JqItem> {
  for (const start of valuesOf(filter.start, input, run)) {
    let state: Json = start;
    for (const value of valuesOf(filter.source, input, run)) {
      const inner = withVariable(run, filter.variable, value);
      let next: Json = null;
      for (const updated of valuesOf(filter.update, { value: state }, inner)) {
        next = updated;
        if (filter.kind === 'foreach') yield* runFilter(filter.extract, made(updated), inner);
      }
      state = next;
    }
    if (filter.kind === 'reduce') yield made(state);
  }
}
