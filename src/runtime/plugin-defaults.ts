import type { FlowDefinition, PluginDefault, TaskDefinition } from '../../schemas/flow.js';
import type { Logger } from '../logger.js';
import { type AnyTaskType, bothSpellings, type TaskRegistry } from './registry.js';

/** The flow's plugin defaults as a list, `pluginDefaults` before the older `taskDefaults`. */
export function pluginDefaultsOf(flow: FlowDefinition): PluginDefault[] {
  return [flow.pluginDefaults, flow.taskDefaults].flatMap((defaults) => {
    if (defaults === null || defaults === undefined) return [];
    if (Array.isArray(defaults)) return defaults;
    return Object.entries(defaults).map(([type, values]) => ({ type, forced: false, values }));
  });
}

/**
 * The task with the defaults that match its type, by whole dotted parts, so that `git.Sync` reaches no
 * `git.SyncFlows`. A longer type wins over a shorter one and, between equals, the earlier; the task's own values win
 * over all but forced ones. Maps are merged, everything else is taken whole.
 */
export function withPluginDefaults(
  task: TaskDefinition,
  defaults: readonly PluginDefault[],
  registry: TaskRegistry,
): TaskDefinition {
  const names = registry.spellings(task.type);
  const matching = defaults
    .map((entry) => ({ ...entry, length: matchLength(entry.type, names) }))
    .filter((entry) => entry.length > 0)
    .sort((a, b) => b.length - a.length);
  let merged: Record<string, unknown> = {};
  for (const entry of matching.filter((one) => !one.forced)) merged = merge(entry.values, merged);
  merged = merge(merged, task);
  let forced: Record<string, unknown> = {};
  for (const entry of matching.filter((one) => one.forced)) forced = merge(entry.values, forced);
  // A task keeps who it is, whatever a default says.
  return { ...merge(merged, forced), id: task.id, type: task.type };
}

/**
 * Drops what a default brought and the task type does not know: a default for all of `git` may hold `dryRun`, which
 * `git.Clone` has not. What the task says itself stays, and fails when it is unknown.
 */
export function dropForeignDefaults(
  merged: Record<string, unknown>,
  own: Readonly<Record<string, unknown>>,
  type: AnyTaskType,
  logger: Logger,
): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [property, value] of Object.entries(merged)) {
    if (property in type.properties.shape || Object.hasOwn(own, property)) kept[property] = value;
    else
      logger.debug(
        { property, type: type.type },
        'plugin default passed over: the task has no such property',
      );
  }
  return kept;
}

/** How many parts of the task's type the default names; 0 when it does not match. */
function matchLength(prefix: string, names: readonly string[]): number {
  const spellings = bothSpellings(prefix.replace(/\.+$/, ''));
  const matches = spellings.filter((spelling) =>
    names.some((name) => name === spelling || name.startsWith(`${spelling}.`)),
  );
  // Kestra's prefix counts for both spellings alike, so that neither is "longer" for how it is written.
  return Math.max(
    0,
    ...matches.map((match) => Math.max(...bothSpellings(match).map((s) => s.split('.').length))),
  );
}

/**
 * `over` wins; where both hold a map, the maps are merged, unless their `type` says that they are different things, as
 * two kinds of `retry` are. A value of `undefined` is no value.
 */
function merge(
  under: Readonly<Record<string, unknown>>,
  over: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const result: Record<string, unknown> = { ...under };
  for (const [name, value] of Object.entries(over)) {
    if (value === undefined) continue;
    const below = Object.hasOwn(under, name) ? under[name] : undefined;
    const mergeable = isMap(below) && isMap(value) && isOneKind(below, value);
    define(result, name, mergeable ? merge(below, value) : value);
  }
  return result;
}

function isOneKind(one: Record<string, unknown>, other: Record<string, unknown>): boolean {
  return one.type === undefined || other.type === undefined || one.type === other.type;
}

/** Plain assignment of a key called `__proto__` would set the prototype instead. */
function define(target: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
