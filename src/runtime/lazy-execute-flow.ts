import type { Execution } from '../../schemas/execution.js';
import type { FlowDefinition } from '../../schemas/flow.js';
import type { ExecuteOptions } from './flow-run.js';

export type { ExecuteOptions } from './flow-run.js';

/**
 * Executes a flow, given as its definition or its YAML source. Never rejects: what failed, a flow that cannot even
 * start included, is in the execution. The execution and all events are redacted.
 */
export async function executeFlow(
  flow: FlowDefinition | string,
  options: ExecuteOptions,
): Promise<Execution> {
  // A program that runs a single task starts without it.
  const runtime = await import('./execute-flow.js');
  return runtime.executeFlow(flow, options);
}
