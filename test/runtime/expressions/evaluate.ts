import { ExpressionError } from '../../../src/errors.js';
import {
  type ExpressionFunctions,
  type ExpressionScope,
  evaluateTemplate,
} from '../../../src/runtime/expressions/index.js';

/** Noon on a winter's day, with a fraction. */
export const NOW = new Date('2026-01-31T12:30:15.123Z');

export function scopeOf(
  variables: Record<string, unknown> = {},
  functions: ExpressionFunctions = {},
  more: Partial<ExpressionScope> = {},
): ExpressionScope {
  return { variables, functions, now: () => NOW, ...more };
}

export function evaluate(source: string, variables: Record<string, unknown> = {}): Promise<unknown> {
  return evaluateTemplate(source, scopeOf(variables));
}

/** The message and the hint of the error that an expression ends in. */
export async function failure(source: string, scope: ExpressionScope = scopeOf()): Promise<string> {
  try {
    await evaluateTemplate(source, scope);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return error.hint === null ? error.message : `${error.message} ${error.hint}`;
  }
  throw new Error(`no error: ${source}`);
}
