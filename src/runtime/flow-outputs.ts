import type { FlowDefinition } from '../../schemas/flow.js';
import { InvalidPropertiesError } from '../errors.js';
import type { ExpressionScope } from './expressions/index.js';
import { InputFault, readInputValue } from './input-types.js';
import { renderValue } from './render-value.js';

/**
 * What the flow hands out, rendered and read as the types it declares.
 * @throws InvalidPropertiesError, ExpressionError
 */
export async function flowOutputs(
  flow: FlowDefinition,
  scope: ExpressionScope,
): Promise<Record<string, unknown>> {
  const outputs: Record<string, unknown> = {};
  for (const { id, type, value, required } of flow.outputs ?? []) {
    const rendered = (await renderValue(value, scope, `outputs.${id}`)) ?? null;
    if (rendered === null && required !== false && type !== undefined) throw faulty(id, 'has no value');
    outputs[id] = rendered === null || type === undefined ? rendered : typed(id, type, rendered);
  }
  return outputs;
}

function typed(id: string, type: string, value: unknown): unknown {
  try {
    return readInputValue(type, value);
  } catch (error) {
    if (error instanceof InputFault) throw faulty(id, error.message);
    throw error;
  }
}

function faulty(id: string, problem: string): InvalidPropertiesError {
  return new InvalidPropertiesError(`Output "${id}" of the flow ${problem}.`, {
    hint: `Correct the value or the type of "${id}" under "outputs", or set "required: false".`,
    data: { output: id },
  });
}
