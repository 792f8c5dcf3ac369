import type { BinaryOperator } from './nodes.js';
import type { TokenReader } from './token-reader.js';

export type Infix =
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly precedence: number;
      readonly width: number;
    }
  | { readonly kind: 'test'; readonly negated: boolean; readonly precedence: number; readonly width: number }
  | { readonly kind: 'filter'; readonly precedence: number; readonly width: number };

/** Binds `not x is y` as `(not x) is y`, like Pebble; write `x is not y`. */
export const UNARY_PRECEDENCE = 500;
const TEST_PRECEDENCE = 20;
const FILTER_PRECEDENCE = 100;

/**
 * Pebble's precedences (CoreExtension) with Kestra's two coalescing operators, all left-associative. `|` stands above
 * arithmetic and below `??`: `trigger.date ?? execution.startDate | date('yyyy')` formats either date.
 */
const BINARY: ReadonlyMap<string, { operator: BinaryOperator; precedence: number }> = new Map(
  (
    [
      ['or', 'or', 10],
      ['and', 'and', 15],
      ['contains', 'contains', 20],
      ['matches', 'matches', 20],
      ['==', '==', 30],
      ['equals', '==', 30],
      ['!=', '!=', 30],
      ['>', '>', 30],
      ['<', '<', 30],
      ['>=', '>=', 30],
      ['<=', '<=', 30],
      ['in', 'in', 30],
      ['isIn', 'in', 30],
      ['notIn', 'not in', 30],
      ['+', '+', 40],
      ['-', '-', 40],
      ['*', '*', 60],
      ['/', '/', 60],
      ['%', '%', 60],
      ['~', '~', 110],
      ['..', '..', 120],
      ['??', '??', 120],
      ['???', '???', 120],
    ] as const
  ).map(([symbol, operator, precedence]) => [symbol, { operator, precedence }]),
);

/** The operator that stands between two operands at the reader's place, or null when the expression ends there. */
export function readInfix(reader: TokenReader): Infix | null {
  const token = reader.peek();
  if (token.type !== 'name' && token.type !== 'symbol') return null;
  if (token.type === 'symbol' && token.value === '|') {
    return { kind: 'filter', precedence: FILTER_PRECEDENCE, width: 1 };
  }
  if (token.type === 'name' && token.value === 'is') {
    const negated = reader.isName('not', 1);
    return { kind: 'test', negated, precedence: TEST_PRECEDENCE, width: negated ? 2 : 1 };
  }
  if (token.type === 'name' && token.value === 'not' && reader.isName('in', 1)) {
    return { kind: 'binary', operator: 'not in', precedence: 30, width: 2 };
  }
  const found = BINARY.get(token.value);
  return found === undefined ? null : { kind: 'binary', ...found, width: 1 };
}
