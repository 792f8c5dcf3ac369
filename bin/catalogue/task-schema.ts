import { coreProperties } from '../../schemas/core-properties.js';
import type { AnyTaskType, TaskRegistry } from '../../src/runtime/registry.js';
import { inputSchema, type JsonSchema } from './json-schema.js';

/** A text with an expression in it, which any property may be instead of its plain value. */
const expression: JsonSchema = { type: 'string', pattern: '\\{[{%]' };

/** The JSON Schema of one task as it stands in a flow, core properties included. */
export function taskSchema(type: AnyTaskType, registry: TaskRegistry): JsonSchema {
  const core = inputSchema(coreProperties);
  const own = inputSchema(type.properties);
  const properties = { ...core.properties, ...own.properties };
  const unrendered = new Set(type.unrendered ?? []);
  return {
    type: 'object',
    title: type.type,
    description: [type.title, type.description].filter((text) => text !== undefined).join('\n\n'),
    ...(type.deprecated !== undefined && { deprecated: true, deprecationMessage: type.deprecated }),
    properties: {
      ...Object.fromEntries(
        Object.entries(properties).map(([name, property]) => [
          name,
          name in (core.properties ?? {}) || unrendered.has(name) ? property : orExpression(property),
        ]),
      ),
      type: {
        enum: registry.spellings(type.type),
        description: 'The task type, canonical or its Kestra alias.',
      },
    },
    required: [...new Set([...(core.required ?? []), ...(own.required ?? [])])],
    additionalProperties: false,
  };
}

/** The same property with an expression allowed in place of its value; what hovers show stays outside. */
function orExpression(property: JsonSchema): JsonSchema {
  if (property.type === 'string' && property.pattern === undefined && property.enum === undefined)
    return property;
  const { description, default: fallback, ...rest } = property;
  return {
    ...(description !== undefined && { description }),
    ...(fallback !== undefined && { default: fallback }),
    anyOf: [rest, expression],
  };
}
