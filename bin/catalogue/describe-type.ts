import type { JsonSchema } from './json-schema.js';

/** A property's type in few words: `boolean`, `list of string`, `"ALL" | "OWNED"`. */
export function describeType(schema: JsonSchema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return describeChoices(choices);
  if (Array.isArray(schema.type)) return describeChoices(schema.type.map((type) => ({ type })));
  if (schema.type === 'array')
    return `list of ${schema.items === undefined ? 'anything' : describeType(schema.items)}`;
  if (schema.type === 'object') return describeObject(schema);
  return schema.type ?? 'anything';
}

function describeChoices(choices: readonly JsonSchema[]): string {
  const names = [...new Set(choices.map(describeType))].filter((name) => name !== 'null');
  // Numbers and booleans may be written as texts, as any property may hold an expression.
  const plain = names.filter((name) => name === 'boolean' || name === 'integer' || name === 'number');
  return (plain.length > 0 ? names.filter((name) => name !== 'string') : names).join(' | ');
}

function describeObject({ properties, additionalProperties }: JsonSchema): string {
  if (properties !== undefined) return `map with ${Object.keys(properties).join(', ')}`;
  return typeof additionalProperties === 'object' && Object.keys(additionalProperties).length > 0
    ? `map of ${describeType(additionalProperties)}`
    : 'map';
}
