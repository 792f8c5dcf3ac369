import type * as z from 'zod';
import { plainMessages } from '../../schemas/plain-messages.js';
import { InvalidPropertiesError } from '../errors.js';
import type { Redactor } from '../redaction.js';
import type { RunContext } from './context.js';
import { expressionScope } from './expression-scope.js';
import { type ExpressionScope, evaluateTemplate, hasExpression, renderString } from './expressions/index.js';
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
  const { properties: schema, unrendered = [] } = task;
  const scope = expressionScope(context);
  const written = withoutAbsent(schema, source);
  const given: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(written)) {
    given[name] = unrendered.includes(name) ? value : await render(value, name, scope);
  }
  const rendered = withoutAbsent(schema, given);
  for (const [name, template] of expressionDefaults(schema)) {
    if (name in rendered) continue;
    written[name] = template;
    rendered[name] = await render(template, name, scope);
  }
  registerSecrets(schema, rendered, context.redactor);
  // Compiling the schema takes longer than one use of it.
  const result = schema.safeParse(rendered, { error: plainMessages, jitless: true });
  if (result.success) return result.data;
  await printTexts(result.error.issues, written, rendered, scope);
  const again = schema.safeParse(rendered, { error: plainMessages });
  if (again.success) return again.data;
  throw invalidProperties(task, problemsOf(schema, again.error.issues, rendered), context);
}

/**
 * What is wrong with properties as they stand in a flow, before anything is rendered: unknown names, wrong types,
 * missing ones. A value that holds an expression is not judged.
 */
export function staticProblems(
  task: Pick<TaskType, 'properties'>,
  source: Record<string, unknown>,
): PropertyProblem[] {
  const given = withoutAbsent(task.properties, source);
  const result = task.properties.safeParse(given, { error: plainMessages });
  if (result.success) return [];
  const judged = result.error.issues.filter(
    (issue) => issue.code === 'unrecognized_keys' || !holdsExpression(valueAt(given, issue.path)),
  );
  return problemsOf(task.properties, judged, given);
}

/**
 * The same for what is read as it stands, without expressions.
 * @param what what has the properties
 */
export function plainProblems(
  schema: z.ZodObject,
  source: Record<string, unknown>,
  what: string,
): PropertyProblem[] {
  const given = withoutAbsent(schema, source);
  const { error } = schema.safeParse(given, { error: plainMessages });
  if (error === undefined) return [];
  return problemsOf(schema, error.issues, given, what).map(({ path, message }) => ({
    path,
    message: holdsExpression(valueAt(given, path))
      ? `${message}; expressions are not rendered here`
      : message,
  }));
}

/** Defaults such as `{{ flow.namespace }}`, which are rendered like anything the user wrote. */
function expressionDefaults(schema: z.ZodObject): [string, string][] {
  return Object.entries(schema.shape).flatMap(([name, property]): [string, string][] => {
    const fallback: unknown = (property as z.ZodType).safeParse(undefined).data;
    return typeof fallback === 'string' && hasExpression(fallback) ? [[name, fallback]] : [];
  });
}

/**
 * A key without a value counts as not given, as YAML writers expect: among the properties, and in a property that has
 * properties of its own. In other maps null is a value.
 */
function withoutAbsent(schema: z.ZodType, source: object): Record<string, unknown> {
  const shape = shapeOf(schema) ?? {};
  const given: [string, unknown][] = [];
  for (const [name, value] of Object.entries(source)) {
    const property = shape[name];
    // Null is absent, except where the property itself says what null means, as a condition does.
    if (value === undefined || (value === null && property?.safeParse(null).success !== true)) continue;
    const hasOwn = property !== undefined && shapeOf(property) !== null && isPlainMap(value);
    given.push([name, hasOwn ? withoutAbsent(property, value) : value]);
  }
  return Object.fromEntries(given);
}

/** A lone expression gives a typed value; where a text is wanted, it is printed as in any longer text. */
async function printTexts(
  issues: readonly z.core.$ZodIssue[],
  written: object,
  rendered: object,
  scope: ExpressionScope,
): Promise<void> {
  for (const path of issues.flatMap(textPaths)) {
    const template = valueAt(written, path);
    const parent = valueAt(rendered, path.slice(0, -1)) as Record<PropertyKey, unknown>;
    const name = path.at(-1);
    if (typeof template !== 'string' || !hasExpression(template) || name === undefined) continue;
    if (parent[name] === undefined) continue;
    parent[name] = await renderString(template, scope, { property: formatPath(path) });
  }
}

/** Where a text would be right, also as an item of a list that may stand there. */
function textPaths(issue: z.core.$ZodIssue): PropertyKey[][] {
  if (issue.code === 'invalid_type') return issue.expected === 'string' ? [issue.path] : [];
  if (issue.code !== 'invalid_union') return [];
  return issue.errors.flat().flatMap((inner) => textPaths(inner).map((path) => [...issue.path, ...path]));
}

async function render(value: unknown, path: string, scope: ExpressionScope): Promise<unknown> {
  if (typeof value === 'string') {
    return hasExpression(value) ? evaluateTemplate(value, scope, { property: path }) : value;
  }
  if (Array.isArray(value)) {
    return Promise.all(value.map((item, index) => render(item, `${path}[${index}]`, scope)));
  }
  if (!isPlainMap(value)) return value;
  const entries: [string, unknown][] = [];
  for (const [name, item] of Object.entries(value))
    entries.push([name, await render(item, `${path}.${name}`, scope)]);
  return Object.fromEntries(entries);
}

function isPlainMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** Whatever stands in a property that is marked secret, and in a URL's user-info, is masked from here on. */
export function registerSecrets(schema: z.ZodType | undefined, value: unknown, redactor: Redactor): void {
  if (typeof value === 'string') redactor.registerUrl(value);
  if (typeof value === 'object' && value !== null) {
    const shape = schema === undefined ? null : shapeOf(schema);
    for (const [name, item] of Object.entries(value)) registerSecrets(shape?.[name], item, redactor);
  } else if (schema !== undefined && isSecret(schema) && isPrintable(value)) {
    redactor.register(String(value));
  }
}

function isPrintable(value: unknown): value is string | number | bigint | boolean {
  return ['string', 'number', 'bigint', 'boolean'].includes(typeof value);
}

/** Whether the schema, or what it makes optional, is marked. */
function isSecret(schema: z.ZodType): boolean {
  const { innerType } = schema._zod.def as { innerType?: z.ZodType };
  return schema.meta()?.secret === true || (innerType !== undefined && isSecret(innerType));
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

function problemsOf(
  schema: z.ZodObject,
  issues: readonly z.core.$ZodIssue[],
  given: object,
  what = 'task',
): PropertyProblem[] {
  return issues.flatMap((issue): PropertyProblem[] => {
    if (issue.code === 'unrecognized_keys') {
      const known = Object.keys(shapeAt(schema, issue.path) ?? {});
      return issue.keys.map((key) => ({
        path: [...issue.path, key],
        message: unknownProperty(key, known, what),
      }));
    }
    const value = valueAt(given, issue.path);
    const missing = issue.code !== 'custom' && value === undefined;
    const message = missing ? 'is required' : `${messageOf(issue)}${adviceOn(issue, value)}`;
    return [{ path: issue.path, message }];
  });
}

/** YAML reads `8085364` as a number and `true` as a truth value, whatever is wanted there. */
function adviceOn(issue: z.core.$ZodIssue, value: unknown): string {
  const wantsText = issue.code === 'invalid_type' && issue.expected === 'string';
  return wantsText && ['number', 'boolean'].includes(typeof value) ? ' (put it in quotes)' : '';
}

/** A union's own message is "Invalid input"; what the members that take such a value said is what the reader needs. */
function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_union') return lowerFirst(issue.message);
  const fitting = issue.errors.filter(
    (arm) => !arm.some((inner) => inner.code === 'invalid_type' && isAtRoot(inner)),
  );
  const arms = fitting.length === 0 ? issue.errors : fitting;
  const messages = new Set(arms.flat().map(messageOf));
  return messages.size === 0 ? lowerFirst(issue.message) : [...messages].join(', or ');
}

function isAtRoot(issue: z.core.$ZodIssue): boolean {
  return issue.path.length === 0;
}

function unknownProperty(key: string, known: readonly string[], what: string): string {
  const nearest = nearestName(key, known);
  return nearest === null
    ? `is not a property of this ${what}`
    : `is not a property of this ${what}; did you mean "${nearest}"?`;
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
