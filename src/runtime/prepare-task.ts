import type * as z from 'zod';
import { type CoreProperties, coreProperties, ignoredCoreProperties } from '../../schemas/core-properties.js';
import type { TaskDefinition } from '../../schemas/flow.js';
import { plainMessages } from '../../schemas/plain-messages.js';
import { InvalidPropertiesError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { PlanSaving } from './context.js';
import type { ExpressionScope } from './expressions/index.js';
import type { FlowRun } from './flow-run.js';
import { dropForeignDefaults } from './plugin-defaults.js';
import { formatPath } from './properties.js';
import type { AnyTaskType } from './registry.js';
import { isTruthy, renderValue } from './render-value.js';
import type { Task } from './task.js';

export interface PreparedTask {
  core: CoreProperties;
  type: AnyTaskType;
  /** A fresh task for each attempt. */
  create: () => Task;
  /** What a saved plan needs to know of the task; undefined when none is to be saved. */
  saving: PlanSaving | undefined;
}

const coreNames = Object.keys(coreProperties.shape);
/** `runIf` was asked before; a description is text for people. */
const unreadNames = ['runIf', 'description'];

/**
 * Makes a task of its definition: the core properties are rendered and parsed here, the rest goes to the task's class
 * as written.
 * @throws InvalidPropertiesError, UnknownTaskTypeError, ExpressionError
 */
export async function prepareTask(
  run: FlowRun,
  merged: TaskDefinition,
  own: TaskDefinition,
  scope: ExpressionScope,
  logger: Logger,
): Promise<PreparedTask> {
  const type = run.registry.get(merged.type);
  const core = await readCoreProperties(merged, scope);
  for (const name of ignoredCoreProperties) {
    if (merged[name] !== undefined && merged[name] !== null) {
      logger.debug({ property: name }, 'core property passed over: it has no meaning here');
    }
  }
  const shape: Record<string, unknown> = type.properties.shape;
  // A task type may have a property of its own under a core name; then both get it.
  const rest = Object.entries(merged).filter(([name]) => !coreNames.includes(name) || name in shape);
  const properties = dropForeignDefaults(Object.fromEntries(rest), own, type, logger);
  const plansOnly = run.options.savesPlans === true;
  const saving = plansOnly
    ? { written: properties, dryRun: isTruthy(await renderValue(properties.dryRun, scope, 'dryRun')) }
    : undefined;
  const forced = plansOnly || run.options.overrides?.dryRun === true;
  const given = forced && 'dryRun' in shape ? { ...properties, dryRun: true } : properties;
  return { core, type, saving, create: () => new type(given as never) };
}

async function readCoreProperties(merged: TaskDefinition, scope: ExpressionScope): Promise<CoreProperties> {
  const given: Record<string, unknown> = {};
  for (const name of coreNames) {
    const value = merged[name];
    if (value === undefined || value === null || unreadNames.includes(name)) continue;
    given[name] = await renderValue(value, scope, name);
  }
  const result = coreProperties.safeParse(given, { error: plainMessages });
  if (result.success) return result.data;
  throw new InvalidPropertiesError(`Task "${merged.id}": ${describe(result.error)}.`, {
    hint: 'These are properties that every task takes.',
    data: {
      problems: result.error.issues.map((issue) => ({
        property: formatPath(issue.path),
        message: messageOf(issue),
      })),
    },
  });
}

function describe(error: z.ZodError): string {
  return error.issues.map((issue) => `"${formatPath(issue.path)}" ${messageOf(issue)}`).join('; ');
}

/** A union's own message says only that no member fits; the last one, which reads texts, says what would. */
function messageOf(issue: z.core.$ZodIssue): string {
  const inner = issue.code === 'invalid_union' ? issue.errors.at(-1)?.[0] : undefined;
  return inner === undefined ? issue.message : messageOf(inner);
}
