import { flowDefinition } from '../../schemas/flow.js';
import type { AnyTaskType, TaskRegistry } from '../../src/runtime/registry.js';
import { inputSchema, type JsonSchema } from './json-schema.js';
import { taskSchema } from './task-schema.js';

const draft7 = 'http://json-schema.org/draft-07/schema#';
const task = { $ref: '#/definitions/task' };
/** Properties of flows and tasks that hold lists of tasks. */
const taskLists = new Set(['tasks', 'then', 'else', 'defaults', 'errors', 'finally', '_finally']);

/**
 * The JSON Schema of a flow file, for editors: a task is checked by its `type`; a type that flowgit does not have is
 * let pass, because other engines have more of them.
 */
export function flowSchema(registry: TaskRegistry): JsonSchema {
  const types = registry.list();
  const definitions = Object.fromEntries(
    types.map((type) => [type.type, withTaskLists(taskSchema(type, registry))]),
  );
  return {
    $schema: draft7,
    title: 'flowgit flow',
    ...withTaskLists(inputSchema(flowDefinition)),
    definitions: { task: anyTask(types, registry), ...definitions },
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
    allOf: types.map(({ type }) =>
      conditional(
        { properties: { type: { enum: registry.spellings(type) } }, required: ['type'] },
        { $ref: `#/definitions/${type}` },
      ),
    ),
  };
}

/** Made of pairs, because an object with a `then` of its own would pass for a promise. */
function conditional(condition: JsonSchema, consequence: JsonSchema): JsonSchema {
  return Object.fromEntries([
    ['if', condition],
    ['then', consequence],
  ]);
}

function withTaskLists(schema: JsonSchema): JsonSchema {
  const properties = Object.entries(schema.properties ?? {}).map(([name, property]) => [
    name,
    taskLists.has(name) ? listOfTasks(property) : property,
  ]);
  return { ...schema, properties: Object.fromEntries(properties) };
}

/** Replaces the items of a list, also of one that stands beside `null`. */
function listOfTasks(schema: JsonSchema): JsonSchema {
  if (schema.type === 'array') return { ...schema, items: task };
  return schema.anyOf === undefined ? schema : { ...schema, anyOf: schema.anyOf.map(listOfTasks) };
}
