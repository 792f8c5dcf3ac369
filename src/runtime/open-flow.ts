import type { ErrorReport } from '../../schemas/error-codes.js';
import { type FlowDefinition, flowDefinition } from '../../schemas/flow.js';
import { plainMessages } from '../../schemas/plain-messages.js';
import { InvalidFlowError, reportError } from '../errors.js';
import { formatProblem, inspectFlow } from '../resources/flow.js';
import { formatPath } from './properties.js';

/** A flow, or what of its identity could be told and why it cannot run. */
export type OpenedFlow =
  | { id: string; namespace: string; definition: FlowDefinition; error: null }
  | { id: string; namespace: string; definition: null; error: ErrorReport };

/** Reads a flow's source or checks a definition that a program made. */
export function openFlow(flow: FlowDefinition | string): OpenedFlow {
  if (typeof flow === 'string') {
    const { id, namespace, definition, problems } = inspectFlow(flow);
    return opened({ id, namespace }, definition, problems.map(formatProblem));
  }
  const result = flowDefinition.safeParse(flow, { error: plainMessages });
  const problems = result.error?.issues.map((issue) => `${formatPath(issue.path)}: ${issue.message}`) ?? [];
  return opened(flow, result.data ?? null, problems);
}

function opened(
  named: { id: string | null; namespace: string | null },
  definition: FlowDefinition | null,
  problems: readonly string[],
): OpenedFlow {
  const id = named.id ?? '';
  const namespace = named.namespace ?? '';
  if (definition !== null) return { id, namespace, definition, error: null };
  const error = new InvalidFlowError(`The flow is not valid: ${problems.join('; ')}`, {
    hint: '"flowgit validate" checks flow files.',
    data: { problems },
  });
  return { id, namespace, definition: null, error: reportError(error) };
}
