import { type FlowInspection, inspectFlow } from '../src/resources/flow.js';

/** Inspects a flow's source, with messages for people who write files rather than for users of the YAML library. */
export function inspectSource(source: string): FlowInspection {
  const inspection = inspectFlow(source);
  const problems = inspection.problems.map((problem) =>
    /multiple documents/.test(problem.message)
      ? { ...problem, message: 'the file holds several documents ("---"); a flow file holds one flow' }
      : problem,
  );
  return { ...inspection, problems };
}
