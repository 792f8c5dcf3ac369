import { connectionProperties } from '../../../schemas/connection.js';
import { type FlowDefinition, type TaskDefinition, tasksOf } from '../../../schemas/flow.js';
import { savedConnectionValues } from '../../../schemas/saved-plan.js';
import { reportError } from '../../errors.js';
import type { Remote } from '../../git/types.js';
import { connect } from '../connect.js';
import type { RunContext } from '../context.js';
import { pluginDefaultsOf, withPluginDefaults } from '../plugin-defaults.js';
import type { TaskRegistry } from '../registry.js';
import { reconnectContext, restoreConnection } from '../saved-plan/connection.js';

type Make = (context: RunContext) => Promise<Remote>;

/** How to reach repositories: as a flow's tasks say, by their address, and else without credentials. */
export interface Connections {
  /** Makes no request yet. */
  to(url: string, context: RunContext): Promise<Remote>;
}

/**
 * Takes the connections of every git task in flows. One that cannot be rendered here, because it needs an input for
 * instance, is left out.
 */
export async function readConnections(
  flows: readonly FlowDefinition[],
  context: RunContext,
  registry: TaskRegistry,
): Promise<Connections> {
  const known = new Map<string, Make>();
  for (const flow of flows) {
    const inside = reconnectContext(context, flow);
    for (const task of tasksWithUrl(flow, registry)) {
      try {
        const properties = await restoreConnection(inside, connectionOf(task));
        const make: Make = (asking) => connect({ ...inside, signal: asking.signal }, properties);
        known.set((await make(context)).url, make);
      } catch (error) {
        context.logger.warn(
          { flow: `${flow.namespace}.${flow.id}`, error: reportError(error).message },
          'a connection of the flow cannot be used here',
        );
      }
    }
  }
  return {
    to: (url, asking) => known.get(url)?.(asking) ?? connect(asking, connectionProperties.parse({ url })),
  };
}

/** With what the flow's defaults give them. */
function tasksWithUrl(flow: FlowDefinition, registry: TaskRegistry): TaskDefinition[] {
  const defaults = pluginDefaultsOf(flow);
  return tasksOf(flow)
    .map(({ task }) => withPluginDefaults(task, defaults, registry))
    .filter(({ url }) => typeof url === 'string');
}

function connectionOf(task: Record<string, unknown>): Parameters<typeof restoreConnection>[1] {
  const given = Object.keys(savedConnectionValues).flatMap((name) =>
    task[name] === undefined ? [] : [[name, task[name]]],
  );
  const expressions = Object.fromEntries(given.filter(([, value]) => typeof value === 'string'));
  const plain = Object.fromEntries(given.filter(([, value]) => typeof value !== 'string'));
  return { ...plain, expressions };
}
