import { booleanTexts, type JsonSchema } from './json-schema.js';

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
  const told = choices.filter((choice) => choice.type !== 'null' && !isTextOfPlainValue(choice));
  return [...new Set(told.map(describeType))].join(' | ');
}

/** `"true"` beside true, `"5"` beside 5: what an expression leaves behind is a text. */
function isTextOfPlainValue({ enum: values, pattern }: JsonSchema): boolean {
  return pattern === '^-?\\d+$' || (values !== undefined && values.join() === booleanTexts.join());
}

function describeObject({ properties, additionalProperties }: JsonSchema): string {
  if (properties !== undefined) return `map with ${Object.keys(properties).join(', ')}`;
  return typeof additionalProperties === 'object' && Object.keys(additionalProperties).length > 0
    ? `map of ${describeType(additionalProperties)}`
    : 'map';
}
