import type { Arguments, Signature } from './arguments.js';
import { Fault } from './fault.js';
import { listNames, nearestName } from './nearest.js';
import type { Toolbox } from './scope.js';
import { isEmpty, isEqual } from './values/compare.js';
import { describeKind, isMap, numberOf } from './values/kinds.js';

export interface TestDefinition extends Signature {
  /** A name that is not defined is null to this test. */
  readonly forgivesUndefined?: boolean;
  holds(value: unknown, args: Arguments, tools: Toolbox): boolean;
}

const isNull: TestDefinition = { parameters: [], forgivesUndefined: true, holds: (value) => value === null };
const isEqualTo: TestDefinition = {
  parameters: ['value'],
  required: 1,
  holds: (value, args, tools) => isEqual(value, args.value('value'), tools.budget),
};

/** What may stand behind `is` and `is not`. As in Pebble, null is not `defined`. */
const TESTS: ReadonlyMap<string, TestDefinition> = new Map([
  ['null', isNull],
  ['none', isNull],
  ['defined', { parameters: [], forgivesUndefined: true, holds: (value: unknown) => value !== null }],
  ['empty', { parameters: [], forgivesUndefined: true, holds: isEmpty }],
  ['even', { parameters: [], holds: (value: unknown) => remainderOfTwo(value, 'even') === 0 }],
  ['odd', { parameters: [], holds: (value: unknown) => remainderOfTwo(value, 'odd') !== 0 }],
  ['iterable', { parameters: [], holds: (value: unknown) => Array.isArray(value) }],
  ['map', { parameters: [], holds: (value: unknown) => isMap(value) }],
  ['json', { parameters: [], holds: isJson }],
  ['equalTo', isEqualTo],
]);

export function findTest(name: string): TestDefinition {
  const test = TESTS.get(name);
  if (test !== undefined) return test;
  const names = [...TESTS.keys()];
  const nearest = nearestName(name, names);
  throw new Fault(`there is no test "${name}" (there are: ${listNames(names)})`, {
    ...(nearest === null ? {} : { hint: `Did you mean "is ${nearest}"?` }),
  });
}

function remainderOfTwo(value: unknown, test: string): number {
  const number = Number(numberOf(value) ?? Number.NaN);
  if (Number.isInteger(number)) return number % 2;
  throw new Fault(`"is ${test}" needs a whole number, not ${describeKind(value)}`);
}

function isJson(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}
