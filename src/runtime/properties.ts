import type { z } from 'zod';
import { InvalidPropertiesError } from '../errors.js';
import type { Redactor } from '../redaction.js';
import type { RunContext } from './context.js';
import { expressionScope } from './expression-scope.js';
import { type ExpressionScope, evaluateTemplate, hasExpression } from './expressions/index.js';
import { nearestName } from './expressions/nearest.js';
import type { TaskType } from './task.js';

/** One thing wrong with a task's properties. */
export interface PropertyProblem {
  path: readonly PropertyKey[];
  message: string;
}

/** Renders every expression in the properties of a task, then parses them. See `Task.resolve`. */
export async function resolveProperties<S extends z.ZodObject, O>(
  task: TaskType<S, O>,
  source: z.input<S>,
  context: RunContext,
): Promise<z.output<S>> {
  const scope = expressionScope(context);
  const rendered: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(withExpressionDefaults(task.properties, source))) {
    rendered[name] = task.unrendered?.includes(name) ? value : await render(value, name, scope);
  }
  registerSecrets(task.properties, rendered, context.redactor);
  const result = task.properties.safeParse(rendered);
  if (result.success) return result.data;
  throw invalidProperties(task, problemsOf(task.properties, result.error), context);
}

/**
 * What is wrong with properties as they stand in a flow, before anything is rendered: unknown names, wrong types,
 * missing ones. A value that holds an expression is not judged.
 */
export function staticProblems(
  task: Pick<TaskType, 'properties'>,
  source: Record<string, unknown>,
): PropertyProblem[] {
  const result = task.properties.safeParse(withoutAbsent(source));
  if (result.success) return [];
  return problemsOf(task.properties, result.error).filter(
    (problem) => !holdsExpression(valueAt(source, problem.path)),
  );
}

/** Defaults such as `{{ flow.namespace }}` are rendered like anything the user wrote. */
function withExpressionDefaults(schema: z.ZodObject, source: object): Record<string, unknown> {
  const properties = withoutAbsent(source);
  for (const [name, property] of Object.entries(schema.shape)) {
    if (name in properties) continue;
    const fallback: unknown = (property as z.ZodType).safeParse(undefined).data;
    if (typeof fallback === 'string' && hasExpression(fallback)) properties[name] = fallback;
  }
  return properties;
}

/** A key without a value counts as not given, as YAML writers expect. */
function withoutAbsent(source: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(source).filter(([, value]) => value !== undefined && value !== null),
  );
}

async function render(value: unknown, path: string, scope: ExpressionScope): Promise<unknown> {
  if (typeof value === 'string') {
    return hasExpression(value) ? evaluateTemplate(value, scope, { property: path }) : value;
  }
  if (Array.isArray(value)) {
    return Promise.all(value.map((item, index) => render(item, `${path}[${index}]`, scope)));
  }
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  const entries: [string, unknown][] = [];
  for (const [name, item] of Object.entries(value))
    entries.push([name, await render(item, `${path}.${name}`, scope)]);
  return Object.fromEntries(entries);
}

/** Whatever stands in a property that is marked secret, and in a URL's user-info, is masked from here on. */
function registerSecrets(schema: z.ZodType, value: unknown, redactor: Redactor): void {
  if (typeof value === 'string') {
    if (isSecret(schema)) redactor.register(value);
    redactor.registerUrl(value);
    return;
  }
  if (value === null || typeof value !== 'object') return;
  const shape = shapeOf(schema);
  for (const [name, item] of Object.entries(value)) {
    const property = shape?.[name];
    if (property !== undefined) registerSecrets(property, item, redactor);
  }
}

function isSecret(schema: z.ZodType): boolean {
  return schema.meta()?.secret === true;
}

/** The properties of an object schema, through `optional` and `default`. */
function shapeOf(schema: z.ZodType): Record<string, z.ZodType> | null {
  const definition = schema._zod.def as {
    type: string;
    innerType?: z.ZodType;
    shape?: Record<string, z.ZodType>;
  };
  if (definition.shape !== undefined) return definition.shape;
  return definition.innerType === undefined ? null : shapeOf(definition.innerType);
}

function problemsOf(schema: z.ZodObject, error: z.ZodError): PropertyProblem[] {
  return error.issues.flatMap((issue): PropertyProblem[] => {
    if (issue.code === 'unrecognized_keys') {
      const known = Object.keys(shapeAt(schema, issue.path) ?? {});
      return issue.keys.map((key) => ({ path: [...issue.path, key], message: unknownProperty(key, known) }));
    }
    const missing = issue.code === 'invalid_type' && /received undefined$/.test(issue.message);
    return [{ path: issue.path, message: missing ? 'is required' : unionMessage(issue) }];
  });
}

/** A union's own message is "Invalid input"; what its members said is what the reader needs. */
function unionMessage(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_union') return lowerFirst(issue.message);
  const messages = new Set(issue.errors.flat().map((inner) => lowerFirst(inner.message)));
  return messages.size === 0 ? lowerFirst(issue.message) : [...messages].join(', or ');
}

function unknownProperty(key: string, known: readonly string[]): string {
  const nearest = nearestName(key, known);
  return nearest === null
    ? `is not a property of this task`
    : `is not a property of this task; did you mean "${nearest}"?`;
}

function shapeAt(schema: z.ZodType, path: readonly PropertyKey[]): Record<string, z.ZodType> | null {
  const shape = shapeOf(schema);
  const [first, ...rest] = path;
  if (first === undefined || shape === null) return shape;
  const next = shape[String(first)];
  return next === undefined ? null : shapeAt(next, rest);
}

function invalidProperties(
  task: TaskType,
  problems: readonly PropertyProblem[],
  context: RunContext,
): InvalidPropertiesError {
  const list = problems.map((problem) => `"${formatPath(problem.path)}" ${problem.message}`);
  const where =
    context.identity.taskId === undefined ? task.type : `${task.type} (task "${context.identity.taskId}")`;
  return new InvalidPropertiesError(context.redactor.redact(`${where}: ${list.join('; ')}.`), {
    hint: `\`flowgit tasks ${task.type}\` lists the properties with their defaults.`,
    data: {
      problems: problems.map((problem) => ({ property: formatPath(problem.path), message: problem.message })),
    },
  });
}

/** `auth.password`, `files[0]`. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`,
    '',
  );
}

function valueAt(source: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[part] : undefined,
    source,
  );
}

function holdsExpression(value: unknown): boolean {
  if (typeof value === 'string') return hasExpression(value);
  if (Array.isArray(value)) return value.some(holdsExpression);
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsExpression);
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
