import { savedPlan } from '../../schemas/saved-plan.js';
import { type JsonSchema, outputSchema } from './json-schema.js';

/** The JSON Schema of the file that `flowgit plan -o` writes. */
export function savedPlanSchema(): JsonSchema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'flowgit saved plan',
    description: 'What "flowgit plan -o" saves and "flowgit apply" applies.',
    ...outputSchema(savedPlan),
  };
}
