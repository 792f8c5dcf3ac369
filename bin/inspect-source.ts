import { type FlowInspection, type FlowProblem, inspectFlow } from '../src/resources/flow.js';

/** Text that is no YAML at all has a problem wherever the parser looks; the first ones say enough. */
const maxProblems = 20;

const wordings: readonly [RegExp, string][] = [
  [/multiple documents/, 'the file holds several documents ("---"); a flow file holds one flow'],
  [/Maximum call stack/, 'the file is nested too deeply'],
];

/** Inspects a flow's source, with messages for people who write files rather than for users of the YAML library. */
export function inspectSource(source: string): FlowInspection {
  const inspection = inspectFlow(source);
  const problems = new Map<string, FlowProblem>();
  for (const problem of inspection.problems) {
    const message = wordings.find(([pattern]) => pattern.test(problem.message))?.[1] ?? problem.message;
    problems.set(`${problem.line}:${problem.column}: ${message}`, { ...problem, message });
  }
  const sorted = [...problems.values()].sort((a, b) => a.line - b.line || a.column - b.column);
  return { ...inspection, problems: shortened(sorted) };
}

function shortened(problems: FlowProblem[]): FlowProblem[] {
  const next = problems[maxProblems];
  if (next === undefined) return problems;
  const message = `and ${problems.length - maxProblems} more`;
  return [...problems.slice(0, maxProblems), { ...next, message }];
}
