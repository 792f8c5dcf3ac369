import type { SavedPlan } from '../../../schemas/saved-plan.js';
import { type Caller, isAllowed, requireNamespace } from '../tokens/authenticate.js';

/**
 * Holds a plan to the namespaces of whoever makes, reads or applies it: the flow's own, those whose resources it
 * compares, and those it writes to.
 * @throws NamespaceNotAllowedError
 */
export function requirePlan(caller: Caller, plan: SavedPlan): void {
  for (const namespace of namespacesOf(plan)) requireNamespace(caller, namespace);
}

export function isPlanAllowed(caller: Caller, plan: SavedPlan): boolean {
  return namespacesOf(plan).every((namespace) => isAllowed(caller, namespace));
}

function namespacesOf({ flow, tasks }: SavedPlan): string[] {
  const found = new Set([flow.namespace]);
  for (const { basis, effect } of tasks) {
    found.add(basis.scope.namespace);
    for (const change of effect.changes) {
      if ('key' in change && change.key.kind !== 'state') found.add(change.key.namespace);
    }
  }
  return [...found];
}
