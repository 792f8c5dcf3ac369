import type { InputDefinition } from '../../schemas/flow.js';
import { duration } from '../../schemas/property.js';
import { InputFault } from './input-types.js';

/**
 * Checks a value that was read against what its input says beside the type: `validator`, `min` and `max`,
 * `after` and `before`, the choices.
 * @throws InputFault
 */
export function checkInputValue(
  input: InputDefinition,
  value: unknown,
  choices: readonly unknown[] | null,
): void {
  if (typeof value === 'string') checkPattern(input, value);
  checkRange(input, value);
  if (choices !== null && input.allowCustomValue !== true) checkChoices(value, choices);
}

function checkPattern(input: InputDefinition, value: string): void {
  if (input.validator === undefined) return;
  let pattern: RegExp;
  try {
    pattern = new RegExp(`^(?:${input.validator})$`);
  } catch {
    throw new InputFault('has a validator that is not a regular expression');
  }
  if (!pattern.test(value)) throw new InputFault(`must match ${input.validator}`);
}

function checkRange(input: InputDefinition, value: unknown): void {
  const type = input.type.toUpperCase();
  const { low, high } = rangeNames(type);
  const own = comparable(type, value);
  const min = comparable(type, input[low]);
  const max = comparable(type, input[high]);
  if (own === null) return;
  if (min !== null && own < min)
    throw new InputFault(`must not be ${low === 'min' ? 'below' : 'before'} ${input[low]}`);
  if (max !== null && own > max)
    throw new InputFault(`must not be ${high === 'max' ? 'above' : 'after'} ${input[high]}`);
}

/** Kestra names the bounds of points in time `after` and `before`. */
function rangeNames(type: string): { low: string; high: string } {
  const isTime = type === 'DATE' || type === 'DATETIME' || type === 'TIME';
  return isTime ? { low: 'after', high: 'before' } : { low: 'min', high: 'max' };
}

function comparable(type: string, value: unknown): number | string | null {
  switch (type) {
    case 'INT':
    case 'FLOAT':
      return value === undefined ? null : Number(value);
    case 'DURATION':
      return duration().safeParse(value).data ?? null;
    case 'DATETIME':
      return typeof value === 'string' ? new Date(value).getTime() : null;
    case 'DATE':
    case 'TIME':
      // Both are written so that the order of the texts is the order of the times.
      return typeof value === 'string' ? value : null;
    default:
      return null;
  }
}

function checkChoices(value: unknown, choices: readonly unknown[]): void {
  const known = new Set(choices.map(String));
  for (const one of Array.isArray(value) ? value : [value]) {
    if (!known.has(String(one))) throw new InputFault(`must be one of ${[...known].join(', ')}`);
  }
}
