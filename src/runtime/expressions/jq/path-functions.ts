import { arg, type FilterFunction } from './arguments.js';
import { type JqItem, type JqRun, made, pathsOf, recurse, valuesOf } from './machine.js';
import { deletePaths, getPath, type JqPath, updatePath } from './paths.js';
import { JqError, type Json, typeOf } from './values.js';

/** Functions of the places in a value. */
export const PATH_FUNCTIONS: readonly (readonly [string, FilterFunction])[] = [
  [
    'path/1',
    function* (args, input, run) {
      for (const path of pathsOf(arg(args, 0), input.value, run)) yield made(path);
    },
  ],
  ['paths/0', (_args, input, run) => paths(input.value, run, () => true)],
  [
    'leaf_paths/0',
    (_args, input, run) => paths(input.value, run, (value) => typeof value !== 'object' || value === null),
  ],
  [
    'getpath/1',
    function* (args, input, run) {
      for (const path of valuesOf(arg(args, 0), input, run)) yield atPath(input, pathOf(path));
    },
  ],
  [
    'setpath/2',
    function* (args, input, run) {
      for (const path of valuesOf(arg(args, 0), input, run)) {
        for (const value of valuesOf(arg(args, 1), input, run)) {
          yield made(updatePath(input.value, pathOf(path), run.budget, () => value));
        }
      }
    },
  ],
  [
    'del/1',
    function* (args, input, run) {
      yield made(deletePaths(input.value, pathsOf(arg(args, 0), input.value, run), run.budget));
    },
  ],
];

function* paths(value: Json, run: JqRun, wanted: (value: Json) => boolean): Generator<JqItem> {
  for (const item of recurse({ value, path: [] }, run)) {
    if (item.path !== null && item.path.length > 0 && wanted(item.value)) yield made(item.path);
  }
}

function pathOf(value: Json): JqPath {
  if (Array.isArray(value)) return value;
  throw new JqError(`a path must be an array, not ${typeOf(value)}`);
}

function atPath(input: JqItem, path: JqPath): JqItem {
  return { value: getPath(input.value, path), path: input.path === null ? null : [...input.path, ...path] };
}
