import { firstOf, type JqRun, made, pathsOf, valuesOf } from './machine.js';
import type { JqFilter, JqOperator } from './nodes.js';
import { deletePaths, getPath, type JqPath, updatePath } from './paths.js';
import { isTruthy, type Json, operate } from './values.js';

type Assignment = Extract<JqFilter, { kind: 'assign' }>;

/** `path = value`, `path |= filter`, `path += value` and the like: copies of the input with its places changed. */
export function* assign(filter: Assignment, input: Json, run: JqRun): Generator<Json> {
  const paths = pathsOf(filter.left, input, run);
  if (filter.operator === '|=') {
    yield update(filter.right, paths, input, run);
    return;
  }
  const operator = filter.operator.slice(0, -1);
  for (const value of valuesOf(filter.right, { value: input }, run)) {
    const change = (old: Json): Json => {
      if (operator === '') return value;
      if (operator === '//') return isTruthy(old) ? old : value;
      return operate(operator as JqOperator, old, value, run.budget);
    };
    yield paths.reduce<Json>((result, path) => updatePath(result, path, run.budget, change), input);
  }
}

/** Each place gets the filter's first result; a place without a result is deleted. */
function update(filter: JqFilter, paths: readonly JqPath[], input: Json, run: JqRun): Json {
  const emptied: JqPath[] = [];
  let result = input;
  for (const path of paths) {
    const first = firstOf(filter, made(getPath(result, path)), run);
    if (first === undefined) emptied.push(path);
    else result = updatePath(result, path, run.budget, () => first.value);
  }
  return deletePaths(result, emptied, run.budget);
}
