import type { JqRun } from './machine.js';
import { JqError, type Json, typeOf } from './values.js';

/** A function of a value and of values. */
export type ValueFunction = (value: Json, args: readonly Json[], run: JqRun) => Json;

export function text(value: Json): string {
  if (typeof value === 'string') return value;
  throw new JqError(`a string is needed, not ${typeOf(value)}`);
}

export function number(value: Json): number {
  if (typeof value === 'number') return value;
  throw new JqError(`a number is needed, not ${typeOf(value)}`);
}

export function array(value: Json): readonly Json[] {
  if (Array.isArray(value)) return value;
  throw new JqError(`an array is needed, not ${typeOf(value)}`);
}
