import { type FlowDefinition, tasksOf } from '../../schemas/flow.js';
import type { Redactor } from '../redaction.js';
import { hasExpression } from './expressions/index.js';
import { pluginDefaultsOf, withPluginDefaults } from './plugin-defaults.js';
import { registerSecrets } from './properties.js';
import type { TaskRegistry } from './registry.js';

/**
 * Makes the redactor know the passwords, keys and user-infos that stand in a flow as plain text. Each task registers
 * its own when it runs, which is too late for what an earlier task, or an input, may already have shown.
 */
export function registerWrittenSecrets(
  flow: FlowDefinition,
  registry: TaskRegistry,
  redactor: Redactor,
): void {
  const defaults = pluginDefaultsOf(flow);
  for (const { task } of tasksOf(flow)) {
    const type = registry.find(task.type);
    if (type === null) continue;
    registerSecrets(
      type.properties,
      withoutExpressions(withPluginDefaults(task, defaults, registry)),
      redactor,
    );
  }
}

/** What an expression gives is registered when it is rendered; its text is no secret. */
function withoutExpressions(value: unknown): unknown {
  if (typeof value === 'string') return hasExpression(value) ? undefined : value;
  if (Array.isArray(value)) return value.map(withoutExpressions);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withoutExpressions(item)]));
}
