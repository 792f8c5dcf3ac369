import type { JsonSchema } from './json-schema.js';

/** What holds for values of a type, under any of its names. */
export function conditional(spellings: readonly string[], consequence: JsonSchema): JsonSchema {
  const condition = { properties: { type: { enum: [...spellings] } }, required: ['type'] };
  // Made of pairs, because an object with a `then` of its own would pass for a promise.
  return Object.fromEntries([
    ['if', condition],
    ['then', consequence],
  ]);
}
