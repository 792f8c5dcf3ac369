import type * as z from 'zod';
import { coreProperties } from '../../schemas/core-properties.js';
import { type FlowDefinition, type PlacedTask, tasksOf } from '../../schemas/flow.js';
import { plainMessages } from '../../schemas/plain-messages.js';
import { ExpressionError } from '../../src/errors.js';
import { hasExpression, parseTemplate } from '../../src/runtime/expressions/index.js';
import { pluginDefaultsOf, withPluginDefaults } from '../../src/runtime/plugin-defaults.js';
import { formatPath, staticProblems } from '../../src/runtime/properties.js';
import type { TaskRegistry } from '../../src/runtime/registry.js';
import { checkTrigger } from '../../src/triggers/check-trigger.js';
import { inspectSource } from '../inspect-source.js';
import { FlowPositions, type Position } from './flow-positions.js';

/** Something to tell about a flow file. A warning leaves the file valid. */
export interface FlowFinding extends Position {
  severity: 'error' | 'warning';
  message: string;
}

/** Checks a flow's source: YAML, the flow schema, the properties of known tasks and triggers, and every expression. */
export function checkFlow(source: string, registry: TaskRegistry): FlowFinding[] {
  const { definition, problems } = inspectSource(source);
  if (definition === null) return problems.map((problem) => ({ severity: 'error', ...problem }));
  const positions = new FlowPositions(source);
  return [
    ...tasksOf(definition).flatMap((placed) => checkTask(placed, definition, registry, positions)),
    ...checkTriggers(definition, positions),
    ...checkExpressions(definition, positions),
  ].sort((a, b) => a.line - b.line || a.column - b.column);
}

function checkTask(
  { task, path }: PlacedTask,
  flow: FlowDefinition,
  registry: TaskRegistry,
  positions: FlowPositions,
): FlowFinding[] {
  const type = registry.find(task.type);
  if (type === null) {
    const nearest = registry.nearest(task.type);
    const hint = nearest === null ? '' : `; did you mean ${nearest}?`;
    const message = `${formatPath(path)}: flowgit does not have the task type ${task.type}${hint}`;
    return [{ severity: 'warning', message, ...positions.of([...path, 'type']) }];
  }
  // What the task leaves out may stand in the flow's plugin defaults.
  const complete = withPluginDefaults(task, pluginDefaultsOf(flow), registry);
  const shape: Record<string, unknown> = type.properties.shape;
  const own = Object.entries(complete).filter(
    ([name]) => name in shape || (name in task && !(name in coreProperties.shape)),
  );
  const found = [...coreProblems(task), ...staticProblems(type, Object.fromEntries(own))];
  return found.map((problem) => {
    const at = [...path, ...problem.path];
    return { severity: 'error', message: `${formatPath(at)} ${problem.message}`, ...positions.ofKey(at) };
  });
}

function checkTriggers(flow: FlowDefinition, positions: FlowPositions): FlowFinding[] {
  return (flow.triggers ?? []).flatMap((trigger, index) =>
    checkTrigger(trigger, flow).map(({ severity, path, message }): FlowFinding => {
      const place = ['triggers', index];
      const at = [...place, ...path];
      // What names another engine's type is about the trigger, or its condition, as a whole.
      const isType = path.at(-1) === 'type' && severity === 'warning';
      const text = isType ? `${formatPath(at.slice(0, -1))}: ${message}` : `${formatPath(at)} ${message}`;
      return { severity, message: text, ...(isType ? positions.of(at) : positions.ofKey(at)) };
    }),
  );
}

/** The properties that every task takes, where they hold no expression. */
function coreProblems(task: Record<string, unknown>): { path: readonly PropertyKey[]; message: string }[] {
  const plain = Object.entries(task).filter(([, value]) => value !== null && !holdsExpression(value));
  const result = coreProperties.partial().safeParse(Object.fromEntries(plain), { error: plainMessages });
  return result.error?.issues.map((issue) => ({ path: issue.path, message: messageOf(issue) })) ?? [];
}

/** A union's own message says nothing; its members' do. */
function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_union') return issue.message;
  // The member that reads texts comes last; the others only say that they take no text.
  return issue.errors.at(-1)?.at(0)?.message ?? issue.message;
}

/** Texts about a flow, which nothing renders: they may show expressions that are none. */
const metadata = new Set(['description', 'extend']);

function checkExpressions(flow: FlowDefinition, positions: FlowPositions): FlowFinding[] {
  const rendered = Object.entries(flow).filter(([name]) => !metadata.has(name));
  return [...texts(Object.fromEntries(rendered), [])].flatMap(({ path, text }): FlowFinding[] => {
    if (!hasExpression(text)) return [];
    try {
      parseTemplate(text);
      return [];
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      const hint = error.hint === null ? '' : ` ${error.hint}`;
      return [
        { severity: 'error', message: `${formatPath(path)}: ${error.message}${hint}`, ...positions.of(path) },
      ];
    }
  });
}

function* texts(value: unknown, path: PropertyKey[]): Generator<{ path: PropertyKey[]; text: string }> {
  if (typeof value === 'string') yield { path, text: value };
  else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* texts(item, [...path, index]);
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, item] of Object.entries(value)) yield* texts(item, [...path, name]);
  }
}

function holdsExpression(value: unknown): boolean {
  return [...texts(value, [])].some(({ text }) => hasExpression(text));
}
