import type { PlanEndpoint } from '../../schemas/plan.js';
import { formatRevision } from '../plan/report.js';
import type { RunContext } from './context.js';
import type { SyncInput } from './sync-to-storage.js';

/** The two sides of a sync, as its plan names them. */
export function syncEndpoints(
  context: RunContext,
  { identity, scope, snapshot }: Pick<SyncInput, 'identity' | 'scope' | 'snapshot'>,
): { source: PlanEndpoint; target: PlanEndpoint } {
  const { url, directory } = identity;
  const { kind, namespace, children } = scope;
  const { location } = context.storage;
  return {
    source: { kind: 'git', url, revision: snapshot.revision, commit: snapshot.commit, directory },
    target: { kind: 'storage', location, resource: kind, namespace, children },
  };
}

/** The two sides of a sync, as messages name them. */
export function syncNames({ identity, scope, snapshot }: Pick<SyncInput, 'identity' | 'scope' | 'snapshot'>) {
  const { url, directory } = identity;
  return {
    sourceName: `"${directory || '.'}" of ${url} at ${formatRevision(snapshot.revision, snapshot.commit.slice(0, 10))}`,
    targetName: `namespace ${scope.namespace}${scope.children ? ' and below' : ''} (${scope.kind}s)`,
  };
}
