import { Fault } from '../fault.js';
import type { Budget } from '../limits.js';
import { isEqual } from './compare.js';
import { describeKind, numberOf } from './kinds.js';
import { printValue } from './print.js';
import { Real } from './real.js';

type Spender = Pick<Budget, 'spend' | 'fits'>;
export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%';

/**
 * Pebble's arithmetic: `+` joins when either side is text, lists grow and shrink with `+` and `-`, whole numbers
 * divide to whole numbers. Dividing by zero is an error.
 */
export function calculate(
  operator: ArithmeticOperator,
  left: unknown,
  right: unknown,
  budget: Spender,
): unknown {
  if (operator === '+' && (typeof left === 'string' || typeof right === 'string')) {
    return joinText(left, right, budget);
  }
  if (Array.isArray(left) && (operator === '+' || operator === '-')) {
    const others: readonly unknown[] = Array.isArray(right) ? right : [right];
    budget.spend(left.length + others.length);
    if (operator === '+') return [...left, ...others];
    return left.filter((item) => !others.some((other) => isEqual(item, other, budget)));
  }
  const a = operand(left, operator);
  const b = operand(right, operator);
  return isWhole(a) && isWhole(b) ? wholeResult(operator, a, b) : realResult(operator, a, b);
}

/** `left ~ right`. */
export function joinText(left: unknown, right: unknown, budget: Spender): string {
  const start = printValue(left, budget);
  const end = printValue(right, budget);
  budget.fits(start.length + end.length);
  return start + end;
}

type Operand = number | bigint | Real;

function operand(value: unknown, operator: string): Operand {
  if (value instanceof Real || typeof value === 'number' || typeof value === 'bigint') return value;
  if (typeof value === 'string' && /^\s*-?\d+(\.\d+)?([eE][-+]?\d+)?\s*$/.test(value)) {
    const number = Number(value);
    return /[.eE]/.test(value) ? Real.of(number) : number;
  }
  throw new Fault(`"${operator}" needs numbers, not ${describeKind(value)}`);
}

function isWhole(value: Operand): value is number | bigint {
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
}

function wholeResult(operator: ArithmeticOperator, a: number | bigint, b: number | bigint): number | bigint {
  if ((operator === '/' || operator === '%') && Number(b) === 0) throw new Fault('division by zero');
  if (typeof a === 'number' && typeof b === 'number') {
    const quick = apply(operator, a, b);
    const result = operator === '/' ? Math.trunc(quick) : quick;
    if (Number.isSafeInteger(result)) return result === 0 ? 0 : result;
  }
  const exact = applyExact(operator, BigInt(a), BigInt(b));
  if (exact.toString(16).length > 64) throw new Fault('the result is too large a number');
  const number = Number(exact);
  return Number.isSafeInteger(number) ? number : exact;
}

function realResult(operator: ArithmeticOperator, a: Operand, b: Operand): number | Real {
  const left = Number(numberOf(a));
  const right = Number(numberOf(b));
  if ((operator === '/' || operator === '%') && right === 0) throw new Fault('division by zero');
  const result = apply(operator, left, right);
  if (!Number.isFinite(result)) throw new Fault('the result is too large a number');
  return Real.of(result);
}

function apply(operator: ArithmeticOperator, a: number, b: number): number {
  if (operator === '+') return a + b;
  if (operator === '-') return a - b;
  if (operator === '*') return a * b;
  return operator === '/' ? a / b : a % b;
}

function applyExact(operator: ArithmeticOperator, a: bigint, b: bigint): bigint {
  if (operator === '+') return a + b;
  if (operator === '-') return a - b;
  if (operator === '*') return a * b;
  return operator === '/' ? a / b : a % b;
}
