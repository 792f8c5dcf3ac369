import * as z from 'zod';
import { InvalidPropertiesError } from '../../src/errors.js';

/** A list, a map, or a text that holds one of them as JSON. */
export const iterationValues = () =>
  z.union([z.array(z.unknown()), z.record(z.string(), z.unknown()), z.string()]);

export interface IterationValue {
  value: unknown;
  /** Of an entry of a map. */
  key?: string;
}

/**
 * The values of a loop, one by one.
 * @throws InvalidPropertiesError for a text that is no JSON list or map
 */
export function listValues(values: z.output<ReturnType<typeof iterationValues>>): IterationValue[] {
  const listed: unknown = typeof values === 'string' ? parse(values) : values;
  if (Array.isArray(listed)) return listed.map((value: unknown) => ({ value }));
  if (typeof listed !== 'object' || listed === null) throw noList();
  return Object.entries(listed).map(([key, value]) => ({ key, value }));
}

/** A value as `taskrun.value` shows it: text as it is, everything else as JSON, as Kestra does. */
export function printValue(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw noList();
  }
}

function noList(): InvalidPropertiesError {
  return new InvalidPropertiesError('"values" must be a list, a map, or one of them as JSON text.', {
    hint: 'Write the values as a YAML list, or as an expression that gives one.',
  });
}
