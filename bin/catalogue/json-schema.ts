import * as z from 'zod';

/** As much of JSON Schema as is looked into here. */
export interface JsonSchema {
  type?: string | string[];
  title?: string;
  description?: string;
  default?: unknown;
  const?: unknown;
  enum?: unknown[];
  format?: string;
  pattern?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  additionalProperties?: JsonSchema | boolean;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  $ref?: string;
  [keyword: string]: unknown;
}

/** What may be written where `schema` reads, as JSON Schema draft 7, which YAML language servers know best. */
export function inputSchema(schema: z.ZodType): JsonSchema {
  return convert(schema, 'input');
}

/** What `schema` gives. */
export function outputSchema(schema: z.ZodType): JsonSchema {
  return convert(schema, 'output');
}

function convert(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema, ...rest } = z.toJSONSchema(schema, {
    io,
    target: 'draft-7',
    unrepresentable: 'any',
    override({ zodSchema, jsonSchema }) {
      const { def } = zodSchema._zod;
      // Zod leaves the default out where reading transforms the value; to whoever writes a flow it is the default still.
      if (def.type === 'default') jsonSchema.default = def.defaultValue;
      if (io === 'input' && readsBoolean(def)) jsonSchema.enum = [...booleanTexts];
    },
  });
  return rest as JsonSchema;
}

/** What `bool()` takes beside true and false. */
export const booleanTexts: readonly string[] = ['true', 'false'];

/** `z.stringbool()` is a pipe from a string to a boolean. */
function readsBoolean(def: z.core.$ZodTypes['_zod']['def']): boolean {
  return def.type === 'pipe' && def.in._zod.def.type === 'string' && def.out._zod.def.type === 'boolean';
}
