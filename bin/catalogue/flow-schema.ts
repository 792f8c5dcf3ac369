import { flowDefinition } from '../../schemas/flow.js';
import type { AnyTaskType, TaskRegistry } from '../../src/runtime/registry.js';
import { conditional } from './conditional.js';
import { inputSchema, type JsonSchema } from './json-schema.js';
import { taskSchema } from './task-schema.js';
import { triggerDefinitions } from './trigger-schema.js';

const draft7 = 'http://json-schema.org/draft-07/schema#';
const task = { $ref: '#/definitions/task' };
const trigger = { $ref: '#/definitions/trigger' };
/** Properties of flows and tasks that hold lists of tasks. */
const taskLists = new Set(['tasks', 'then', 'else', 'defaults', 'errors', 'finally', '_finally']);

/**
 * The JSON Schema of a flow file, for editors: tasks and triggers are checked by their `type`; a type that flowgit does
 * not have is let pass, because other engines have more of them.
 */
export function flowSchema(registry: TaskRegistry): JsonSchema {
  const types = registry.list();
  const definitions = Object.fromEntries(
    types.map((type) => [type.type, withLists(taskSchema(type, registry))]),
  );
  return {
    $schema: draft7,
    title: 'flowgit flow',
    ...withLists(inputSchema(flowDefinition)),
    definitions: { task: anyTask(types, registry), ...definitions, ...triggerDefinitions() },
  };
}

/** The JSON Schema of one task. */
export function singleTaskSchema(type: AnyTaskType, registry: TaskRegistry): JsonSchema {
  return { $schema: draft7, ...taskSchema(type, registry) };
}

function anyTask(types: readonly AnyTaskType[], registry: TaskRegistry): JsonSchema {
  return {
    type: 'object',
    required: ['id', 'type'],
    properties: {
      id: { type: 'string' },
      // The known ones are listed for completion only.
      type: { anyOf: [{ enum: types.flatMap(({ type }) => registry.spellings(type)) }, { type: 'string' }] },
    },
    allOf: types.map(({ type }) => conditional(registry.spellings(type), { $ref: `#/definitions/${type}` })),
  };
}

function withLists(schema: JsonSchema): JsonSchema {
  const properties = Object.entries(schema.properties ?? {}).map(([name, property]) => {
    if (taskLists.has(name)) return [name, listOf(task, property)];
    return [name, name === 'triggers' ? listOf(trigger, property) : property];
  });
  return { ...schema, properties: Object.fromEntries(properties) };
}

/** Replaces the items of a list, also of one that stands beside `null`. */
function listOf(items: JsonSchema, schema: JsonSchema): JsonSchema {
  if (schema.type === 'array') return { ...schema, items };
  return schema.anyOf === undefined
    ? schema
    : { ...schema, anyOf: schema.anyOf.map((choice) => listOf(items, choice)) };
}
