import type { PlanEndpoint } from '../../schemas/plan.js';
import type { RunContext } from './context.js';
import type { PushInput } from './push-to-git.js';

/** The two sides of a push, as its plan names them. */
export function pushEndpoints(
  context: RunContext,
  { identity, scope, base }: Pick<PushInput, 'identity' | 'scope' | 'base'>,
): { source: PlanEndpoint; target: PlanEndpoint } {
  const { url, directory } = identity;
  const { kind, namespace, children } = scope;
  const { location } = context.storage;
  const commit = base.snapshot?.commit ?? null;
  return {
    source: { kind: 'storage', location, resource: kind, namespace, children },
    target: { kind: 'git', url, revision: base.branch, commit, directory },
  };
}
