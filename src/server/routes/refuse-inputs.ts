import { InvalidPropertiesError } from '../../errors.js';
import { faultyInputs, missingInputs } from '../../triggers/check-inputs.js';
import type { StoredFlow } from '../../triggers/types.js';

/**
 * Refuses a start whose inputs the flow cannot take, so that who asks for it hears it, and not only who looks at the
 * execution. What depends on expressions shows when the run begins.
 * @throws InvalidPropertiesError
 */
export function refuseInputs(
  { namespace, id, definition }: StoredFlow,
  given: Readonly<Record<string, unknown>>,
): void {
  const definitions = definition.inputs ?? [];
  const missing = missingInputs(given, definitions).map((input) => ({ input, message: 'is required' }));
  const problems = [...missing, ...faultyInputs(given, definitions)];
  if (problems.length === 0) return;
  const list = problems.map(({ input, message }) => `input "${input}" ${message}`);
  throw new InvalidPropertiesError(`Flow ${namespace}.${id}: ${list.join('; ')}. Nothing was started.`, {
    hint: 'Send { "inputs": { NAME: VALUE } } with those that the flow has under "inputs".',
    data: { problems },
  });
}
