import * as z from 'zod';
import { looseObject } from './lazy-object.js';
import { identifier, namespaceName } from './resources.js';

/** A task as it stands in a flow: `id`, `type` and whatever its type takes, expressions included. */
export const taskDefinition = looseObject(() => ({
  id: identifier.describe("The task's id, unique in its flow."),
  type: z.string().min(1).describe('The task type, such as `git.SyncFlows` or its Kestra alias.'),
}));
export type TaskDefinition = z.output<typeof taskDefinition>;

/** A value the flow is started with. `name` is the older spelling of `id`. */
export const inputDefinition = looseObject(() => ({
  id: z.string().min(1).optional(),
  name: z.string().min(1).optional().describe('Older name of `id`.'),
  type: z
    .string()
    .min(1)
    .describe('`STRING`, `INT`, `BOOL`, `DATETIME`, `FILE`, `JSON`, `SELECT`, `ARRAY`, …'),
  displayName: z.string().optional(),
  description: z.string().optional(),
  required: z.boolean().default(true).describe('Whether a run without a value is refused.'),
  defaults: z.unknown().optional().describe('The value when none is given; expressions are rendered.'),
  prefill: z.unknown().optional().describe('As `defaults`, for a form; a run may clear it.'),
  values: z.array(z.unknown()).optional().describe('The choices of `SELECT`, `ENUM` and `MULTISELECT`.'),
  expression: z.string().optional().describe('An expression that gives the choices.'),
  allowCustomValue: z.boolean().optional().describe('Accept values beside the choices.'),
  itemType: z.string().optional().describe('The type of the items of `ARRAY` and `MULTISELECT`.'),
  validator: z.string().optional().describe('A regular expression the whole text has to match.'),
  min: z.union([z.number(), z.string()]).optional(),
  max: z.union([z.number(), z.string()]).optional(),
  dependsOn: z
    .looseObject({ inputs: z.array(z.string()).optional(), condition: z.string().optional() })
    .optional()
    .describe('The input is asked for only when `condition` renders to a true value.'),
})).refine((input) => input.id !== undefined || input.name !== undefined, {
  message: 'an input needs an "id"',
  path: ['id'],
});
export type InputDefinition = z.output<typeof inputDefinition>;

/** Values for every task whose type is `type` or begins with it, part by part. */
export const pluginDefault = looseObject(() => ({
  type: z.string().min(1),
  forced: z.boolean().default(false).describe("Win over the task's own values."),
  values: z.record(z.string(), z.unknown()),
}));
export type PluginDefault = z.output<typeof pluginDefault>;

/** Plugin defaults as a list, or as Kestra also has them: a map from the type to its values. */
const pluginDefaultList = z
  .union([z.array(pluginDefault), z.record(z.string(), z.record(z.string(), z.unknown()))])
  .nullish();

/** What a flow hands to whoever started it. */
export const outputDefinition = looseObject(() => ({
  id: z.string().min(1),
  type: z.string().optional(),
  value: z.unknown(),
  required: z.boolean().optional(),
}));

const triggerDefinition = looseObject(() => ({ id: z.string().min(1), type: z.string().min(1) }));

const tasks = z.array(taskDefinition);

/**
 * A flow. Top-level keys it does not know pass through, because other engines read the same files
 * (`listeners`, `concurrency`, `sla`, `extend`, …). A key without a value counts as absent.
 */
export const flowDefinition = looseObject(() => ({
  id: identifier.describe("The flow's id, unique in its namespace."),
  namespace: namespaceName.describe('The namespace the flow belongs to.'),
  description: z.string().nullish(),
  disabled: z.boolean().nullish().describe('Triggers do not start the flow.'),
  draft: z.boolean().nullish().describe('Not finished: it is not pushed.'),
  labels: z
    .union([
      z.record(z.string(), z.unknown()),
      z.array(z.looseObject({ key: z.string(), value: z.unknown() })),
    ])
    .nullish(),
  inputs: z.array(inputDefinition).nullish(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  tasks: tasks.min(1),
  errors: tasks.nullish().describe('Run when a task failed.'),
  finally: tasks.nullish().describe('Run at the end, whatever happened.'),
  _finally: tasks.nullish().describe('Older name of `finally`.'),
  outputs: z.array(outputDefinition).nullish(),
  triggers: z.array(triggerDefinition).nullish(),
  pluginDefaults: pluginDefaultList,
  taskDefaults: pluginDefaultList.describe('Older name of `pluginDefaults`.'),
})).superRefine((flow, context) => {
  reportDuplicates(context, tasksOf(flow), 'task');
  reportDuplicates(context, idsOf(flow.triggers, 'triggers'), 'trigger');
  reportDuplicates(context, idsOf(flow.inputs, 'inputs'), 'input');
});
export type FlowDefinition = z.output<typeof flowDefinition>;

/** Where a task stands in its flow, as keys and indexes from the top. */
export interface PlacedTask {
  path: (string | number)[];
  task: TaskDefinition;
}

const blocks = ['tasks', 'then', 'else', 'defaults', 'errors', 'finally', '_finally'];

/** Every task below `parent` (a flow or a task), nested ones too, in the order they stand. */
export function tasksOf(parent: Readonly<Record<string, unknown>>): PlacedTask[] {
  const found: PlacedTask[] = [];
  collectTasks(parent, [], found);
  return found;
}

function collectTasks(
  parent: Readonly<Record<string, unknown>>,
  path: readonly (string | number)[],
  found: PlacedTask[],
): void {
  for (const name of blocks) {
    if (parent[name] !== undefined) collectList(parent[name], [...path, name], found);
  }
  if (parent.cases === undefined) return;
  for (const [name, list] of Object.entries(record(parent.cases))) {
    collectList(list, [...path, 'cases', name], found);
  }
}

function collectList(list: unknown, path: readonly (string | number)[], found: PlacedTask[]): void {
  if (!Array.isArray(list)) return;
  list.forEach((item, index) => {
    collectTask(item, [...path, index], found);
  });
}

function collectTask(item: unknown, path: (string | number)[], found: PlacedTask[]): void {
  const entry = record(item);
  // The entries of a Dag hold their task one level down, beside `dependsOn`.
  if (entry.task !== undefined && entry.id === undefined) {
    collectTask(entry.task, [...path, 'task'], found);
    return;
  }
  // A plugin's own list may be called `tasks` as well; without both of these it holds none of ours.
  if (typeof entry.id !== 'string' || typeof entry.type !== 'string') return;
  found.push({ path, task: entry as TaskDefinition });
  collectTasks(entry, path, found);
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function idsOf(list: readonly { id?: string | undefined }[] | null | undefined, name: string) {
  return (list ?? []).map((task, index) => ({ path: [name, index], task }));
}

function reportDuplicates(
  context: z.core.$RefinementCtx,
  placedItems: readonly { path: (string | number)[]; task: { id?: string | undefined } }[],
  what: string,
): void {
  const seen = new Set<string>();
  for (const { path, task } of placedItems) {
    if (task.id === undefined) continue;
    if (seen.has(task.id)) {
      context.addIssue({
        code: 'custom',
        path: [...path, 'id'],
        message: `the ${what} id "${task.id}" is used twice in this flow`,
      });
    }
    seen.add(task.id);
  }
}
