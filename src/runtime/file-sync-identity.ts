import type { SyncIdentity } from '../plan/sync-state.js';

/** Which sync a task for namespace files is. */
export function fileSyncIdentity(
  direction: SyncIdentity['direction'],
  { url }: { url: string },
  properties: { branch: string; namespace: string; gitDirectory: string },
): SyncIdentity {
  const { branch: revision, namespace, gitDirectory: directory } = properties;
  return {
    direction,
    kind: 'file',
    url,
    revision,
    directory,
    namespace,
    gitNamespace: namespace,
    children: false,
    rewrite: '',
  };
}
