import type { FunctionDefinition } from '../arguments.js';
import { Fault } from '../fault.js';
import type { Toolbox } from '../scope.js';
import { describeKind, numberOf } from '../values/kinds.js';

/** `range(1, 10, 3)` and `1..10`: whole numbers or single letters, the end included. */
export const range: FunctionDefinition = {
  parameters: ['start', 'end', 'increment'],
  required: 2,
  call: (args, { budget }) =>
    createRange(args.value('start'), args.value('end'), args.integer('increment') ?? 1, budget),
};

export function createRange(
  start: unknown,
  end: unknown,
  increment: number,
  budget: Toolbox['budget'],
): (number | string)[] {
  if (increment === 0) throw new Fault('the increment of a range cannot be 0');
  if (isLetter(start) && isLetter(end)) {
    const codes = count(start.charCodeAt(0), end.charCodeAt(0), increment, budget);
    return codes.map((code) => String.fromCharCode(code));
  }
  return count(bound(start), bound(end), increment, budget);
}

function count(from: number, to: number, increment: number, budget: Toolbox['budget']): number[] {
  const length = Math.max(0, Math.floor((to - from) / increment) + 1);
  budget.spend(length);
  return Array.from({ length }, (_, index) => from + index * increment);
}

function bound(value: unknown): number {
  const number = Number(numberOf(value) ?? Number.NaN);
  if (Number.isFinite(number)) return Math.trunc(number);
  throw new Fault(`a range needs two numbers or two letters, not ${describeKind(value)}`);
}

function isLetter(value: unknown): value is string {
  return typeof value === 'string' && value.length === 1;
}
