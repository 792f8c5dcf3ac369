import { tasksOf } from '../../schemas/flow.js';
import { identifier, namespaceName } from '../../schemas/resources.js';
import { type PlainYaml, parsePlainYaml } from './plain-yaml.js';

/** What a sync needs to know of a valid flow. */
export interface PlainFlow {
  id: string;
  namespace: string;
}

/**
 * Recognises flows that are written in plain YAML and plainly valid, without a full parse: a sync of thousands would
 * spend most of its time there. `null` says nothing about the flow; `inspectFlow` decides then.
 */
export function recognizePlainFlow(source: string): PlainFlow | null {
  const flow = parsePlainYaml(source);
  if (flow === null) return null;
  const { id, namespace } = flow;
  if (typeof id !== 'string' || !identifier.safeParse(id).success) return null;
  if (typeof namespace !== 'string' || !namespaceName.safeParse(namespace).success) return null;
  for (const [key, value] of Object.entries(flow)) {
    const accepts = known.get(key);
    if (accepts !== undefined && !accepts(value)) return null;
  }
  if (!Array.isArray(flow.tasks) || flow.tasks.length === 0) return null;
  return unique(tasksOf(flow).map(({ task }) => task.id)) ? { id, namespace } : null;
}

type Check = (value: PlainYaml) => boolean;

const isText: Check = (value) => typeof value === 'string' && value !== '';
const isMap: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isTask: Check = (value) =>
  isRecord(value) &&
  isText(value.type ?? null) &&
  typeof value.id === 'string' &&
  identifier.safeParse(value.id).success;
const isTaskList: Check = (value) => Array.isArray(value) && value.every(isTask);
const never: Check = () => false;

/** The keys whose values the flow schema looks at, with what is certainly right; all other keys pass. */
const known = new Map<string, Check>(
  Object.entries({
    description: (value) => typeof value === 'string' || value === null,
    disabled: (value) => typeof value === 'boolean',
    draft: (value) => typeof value === 'boolean',
    labels: isMap,
    inputs: (value) => Array.isArray(value) && value.every(isPlainInput) && unique(value.map(idOf)),
    variables: isMap,
    tasks: isTaskList,
    errors: isTaskList,
    finally: isTaskList,
    _finally: isTaskList,
    outputs: never,
    triggers: (value) =>
      Array.isArray(value) &&
      value.every((item) => isRecord(item) && isText(item.id ?? null) && isText(item.type ?? null)) &&
      unique(value.map(idOf)),
    pluginDefaults: never,
    taskDefaults: never,
  }),
);

const plainInputKeys = new Set(['id', 'type', 'defaults', 'description', 'displayName', 'required']);

function isPlainInput(value: PlainYaml): boolean {
  if (!isRecord(value) || !Object.keys(value).every((key) => plainInputKeys.has(key))) return false;
  const { id, type, description, displayName, required } = value;
  const texts = [id, type, description, displayName].filter((text) => text !== undefined);
  return (
    id !== undefined &&
    type !== undefined &&
    texts.every(isText) &&
    (required === undefined || typeof required === 'boolean')
  );
}

function isRecord(value: PlainYaml): value is { [key: string]: PlainYaml } {
  return isMap(value);
}

function idOf(value: PlainYaml): PlainYaml {
  return isRecord(value) ? (value.id ?? null) : null;
}

function unique(ids: readonly PlainYaml[]): boolean {
  return new Set(ids).size === ids.length;
}
