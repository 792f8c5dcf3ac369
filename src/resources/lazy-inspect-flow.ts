import type { FlowInspection } from './flow.js';

export type { FlowInspection, FlowProblem } from './flow.js';

/** Parses and checks a flow's YAML. Never rejects: whatever is wrong is in `problems`. */
export async function inspectFlow(source: string): Promise<FlowInspection> {
  // A program that runs a single task starts without the parser.
  const flows = await import('./flow.js');
  return flows.inspectFlow(source);
}
