import { type TriggerType, triggerTypes } from '../../schemas/triggers.js';
import { conditional } from './conditional.js';
import { inputSchema, type JsonSchema } from './json-schema.js';

/** `trigger`, an entry of a flow's `triggers`, which is checked by its `type`, and each type that flowgit has. */
export function triggerDefinitions(): Record<string, JsonSchema> {
  return {
    trigger: anyTrigger(),
    ...Object.fromEntries(triggerTypes.map((type) => [type.type, triggerSchema(type)])),
  };
}

/** The JSON Schema of an entry of `triggers`, whatever its type. */
export function anyTriggerSchema(): JsonSchema {
  return { $schema: draft7, title: 'flowgit trigger', ...anyTrigger(), definitions: triggerDefinitions() };
}

/** The JSON Schema of one trigger type. */
export function singleTriggerSchema(type: TriggerType): JsonSchema {
  return { $schema: draft7, ...triggerSchema(type) };
}

const draft7 = 'http://json-schema.org/draft-07/schema#';

function anyTrigger(): JsonSchema {
  return {
    type: 'object',
    required: ['id', 'type'],
    properties: {
      id: { type: 'string' },
      // Other engines have more; these are listed for completion.
      type: {
        anyOf: [{ enum: triggerTypes.flatMap(({ spellings }) => [...spellings]) }, { type: 'string' }],
      },
    },
    allOf: triggerTypes.map(({ type, spellings }) =>
      conditional(spellings, { $ref: `#/definitions/${type}` }),
    ),
  };
}

function triggerSchema({ type, title, spellings, properties }: TriggerType): JsonSchema {
  const { properties: own = {}, ...schema } = inputSchema(properties);
  return {
    ...schema,
    title: type,
    description: title,
    properties: {
      ...own,
      type: { enum: [...spellings], description: 'The trigger type, canonical or its Kestra alias.' },
    },
  };
}
