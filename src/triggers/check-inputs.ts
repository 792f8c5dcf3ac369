import type { InputDefinition } from '../../schemas/flow.js';
import { hasExpression } from '../runtime/expressions/index.js';
import { nearestName } from '../runtime/expressions/nearest.js';
import { InputFault, readInputValue } from '../runtime/input-types.js';
import { type TriggerProblem, wrong } from './trigger-problem.js';

/**
 * What is wrong with the inputs a trigger gives, as far as it can be told before they are rendered. The trigger is run
 * all the same: its runs then fail, and say why.
 */
export function checkInputs(
  given: Readonly<Record<string, unknown>>,
  definitions: readonly InputDefinition[],
): TriggerProblem[] {
  const faults = faultyInputs(given, definitions).map(
    ({ input, message }): TriggerProblem => ({ ...wrong(['inputs', input], message), stops: false }),
  );
  const missing = missingInputs(given, definitions).map((name): TriggerProblem => {
    const message = `does not give the input "${name}", which the flow requires: every run of this trigger fails`;
    return { severity: 'warning', path: ['inputs'], message, stops: false };
  });
  return [...faults, ...missing];
}

/** Inputs that the flow does not have, or not of this type. Those with expressions are not judged. */
export function faultyInputs(
  given: Readonly<Record<string, unknown>>,
  definitions: readonly InputDefinition[],
): { input: string; message: string }[] {
  const known = byName(definitions);
  return Object.entries(given).flatMap(([input, value]) => {
    const message = faultOf(known.get(input), input, value, [...known.keys()]);
    return message === null ? [] : [{ input, message }];
  });
}

/** Names of inputs without which no run of the flow can begin. */
export function missingInputs(
  given: Readonly<Record<string, unknown>>,
  definitions: readonly InputDefinition[],
): string[] {
  return [...byName(definitions)].flatMap(([name, { required, defaults, prefill, dependsOn }]) =>
    !required || defaults != null || prefill != null || dependsOn != null || given[name] != null
      ? []
      : [name],
  );
}

function byName(definitions: readonly InputDefinition[]): Map<string, InputDefinition> {
  return new Map(definitions.map((definition) => [definition.id ?? definition.name ?? '', definition]));
}

function faultOf(
  definition: InputDefinition | undefined,
  name: string,
  value: unknown,
  known: readonly string[],
): string | null {
  if (definition === undefined) {
    const nearest = nearestName(name, known);
    return `is not an input of this flow${nearest === null ? '' : `; did you mean "${nearest}"?`}`;
  }
  if (value === null || holdsExpression(value)) return null;
  try {
    readInputValue(definition.type, value, definition.itemType);
    return null;
  } catch (error) {
    if (!(error instanceof InputFault)) throw error;
    return error.message;
  }
}

function holdsExpression(value: unknown): boolean {
  if (typeof value === 'string') return hasExpression(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsExpression);
}
