import type { FilterDefinition } from '../arguments.js';
import { Fault } from '../fault.js';
import type { Toolbox } from '../scope.js';
import { compare } from '../values/compare.js';
import { describeKind, isMap, mapEntries, mapKeys } from '../values/kinds.js';
import { printValue, writeJson } from '../values/print.js';
import { joinBounded } from './text.js';

function listOf(input: unknown, filter: string): readonly unknown[] {
  if (Array.isArray(input)) return input;
  throw new Fault(`"${filter}" needs a list, not ${describeKind(input)}`, {
    ...(typeof input === 'string' ? { hint: 'Read JSON text with fromJson(…).' } : {}),
  });
}

/** The element at one end of a list, or the character at one end of a text; null when it is empty. */
function end(name: string, index: 0 | -1): FilterDefinition {
  return {
    parameters: [],
    apply: (input) => (typeof input === 'string' ? input : listOf(input, name)).at(index) ?? null,
  };
}

function sorted(name: string, direction: 1 | -1): FilterDefinition {
  return {
    parameters: [],
    apply: (input, _args, tools) => {
      const items = [...listOf(input, name)];
      tools.budget.spend(items.length * 10);
      return items.sort((a, b) => direction * orderOf(a, b));
    },
  };
}

function orderOf(a: unknown, b: unknown): number {
  const order = compare(a, b);
  if (order === null) throw new Fault('null cannot be sorted');
  return order;
}

const chunk: FilterDefinition = {
  parameters: ['size'],
  required: 1,
  apply: (input, args) => {
    const items = listOf(input, 'chunk');
    const size = args.requiredInteger('size');
    if (size < 1) throw new Fault('the argument "size" of "chunk" must be at least 1');
    return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
      items.slice(index * size, (index + 1) * size),
    );
  },
};

const slice: FilterDefinition = {
  parameters: ['fromIndex', 'toIndex'],
  apply: (input, args) => {
    const value = typeof input === 'string' ? input : listOf(input, 'slice');
    const from = args.integer('fromIndex') ?? 0;
    const to = args.integer('toIndex') ?? value.length;
    if (from >= 0 && from <= to && to <= value.length) return value.slice(from, to);
    throw new Fault(`"slice" from ${from} to ${to} does not fit a length of ${value.length}`);
  },
};

const join: FilterDefinition = {
  parameters: ['separator'],
  apply: (input, args, { budget }) => {
    const pieces = listOf(input, 'join').map((item) => (item === null ? 'null' : printValue(item, budget)));
    return joinBounded(pieces, args.text('separator') ?? '', budget);
  },
};

/** Equal elements by value. Their JSON tells them apart, numbers from text too. */
const distinct: FilterDefinition = {
  parameters: [],
  apply: (input, _args, { budget }) => {
    const byJson = new Map<string, unknown>();
    for (const item of listOf(input, 'distinct')) {
      const json = writeJson(item, budget);
      if (!byJson.has(json)) byJson.set(json, item);
    }
    return [...byJson.values()];
  },
};

/** A list grows by a list or by a map's entries; a map by a map, or by a list's elements as keys and values. */
const merge: FilterDefinition = {
  parameters: ['items'],
  required: 1,
  takesNull: true,
  apply: (input, args, tools) => {
    const items = args.value('items') ?? null;
    if (input === null || items === null) return input ?? items ?? fail('null');
    if (Array.isArray(input)) return [...input, ...elementsOf(items)];
    if (isMap(input)) return Object.fromEntries([...mapEntries(input), ...entriesOf(items, tools)]);
    return fail(describeKind(input));
  },
};

function fail(kind: string): never {
  throw new Fault(`"merge" needs lists or maps, not ${kind}`);
}

function elementsOf(items: unknown): readonly unknown[] {
  if (Array.isArray(items)) return items;
  return isMap(items) ? mapEntries(items).map(([key, value]) => ({ key, value })) : fail(describeKind(items));
}

function entriesOf(items: unknown, tools: Toolbox): [string, unknown][] {
  if (isMap(items)) return mapEntries(items);
  if (!Array.isArray(items)) return fail(describeKind(items));
  return mapEntries(new Map(items.map((item: unknown) => [printValue(item, tools.budget), item])));
}

const length: FilterDefinition = {
  parameters: [],
  takesNull: true,
  apply: (input) => {
    if (typeof input === 'string' || Array.isArray(input)) return input.length;
    return isMap(input) ? mapKeys(input).length : 0;
  },
};

const keys: FilterDefinition = {
  parameters: [],
  apply: (input) => (isMap(input) ? mapKeys(input) : [...listOf(input, 'keys').keys()]),
};

const values: FilterDefinition = {
  parameters: [],
  apply: (input) => {
    if (isMap(input)) return mapEntries(input).map(([, value]) => value);
    throw new Fault(`"values" needs a map, not ${describeKind(input)}`);
  },
};

const reverse: FilterDefinition = { parameters: [], apply: (input) => listOf(input, 'reverse').toReversed() };
const flatten: FilterDefinition = { parameters: [], apply: (input) => listOf(input, 'flatten').flat() };

/** Filters of lists and maps. Each makes a new one; the variable it came from stays as it was. */
export const LIST_FILTERS: Readonly<Record<string, FilterDefinition>> = {
  chunk,
  distinct,
  first: end('first', 0),
  flatten,
  join,
  keys,
  last: end('last', -1),
  length,
  merge,
  reverse,
  rsort: sorted('rsort', -1),
  slice,
  sort: sorted('sort', 1),
  values,
};
