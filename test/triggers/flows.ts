import { silentLogger } from '../../src/logger.js';
import { TaskRegistry } from '../../src/runtime/registry.js';
import { createMemoryStorage, type StorageAdapter } from '../../src/storage/index.js';
import { createFlowCatalog } from '../../src/triggers/flow-catalog.js';
import type { FlowCatalog } from '../../src/triggers/types.js';
import { allTasks } from '../../tasks/index.js';

export const registry = new TaskRegistry(allTasks);

/** A flow with one task and the triggers, which are given as YAML without the list's indentation. */
export function flowWith(namespace: string, id: string, triggers: string, more = ''): string {
  const list = triggers === '' ? '' : `triggers:\n${triggers.replace(/^/gm, '  ')}\n`;
  return `id: ${id}\nnamespace: ${namespace}\n${more}tasks:\n  - id: say\n    type: core.log.Log\n    message: hello\n${list}`;
}

export async function put(
  storage: StorageAdapter,
  namespace: string,
  id: string,
  source: string,
): Promise<void> {
  const key = { kind: 'flow', namespace, id } as const;
  const [present] = await storage.read([key]);
  const content = new TextEncoder().encode(source);
  await storage.apply({ changes: [{ action: 'put', key, content, expectedOid: present?.oid ?? null }] });
}

export async function remove(storage: StorageAdapter, namespace: string, id: string): Promise<void> {
  const key = { kind: 'flow', namespace, id } as const;
  const [present] = await storage.read([key]);
  if (present == null) throw new Error(`${namespace}/${id} is not there`);
  await storage.apply({ changes: [{ action: 'delete', key, expectedOid: present.oid }] });
}

/** A catalog, refreshed, of a storage that holds the flows: sources by `namespace/id`. */
export async function catalogOf(
  flows: Readonly<Record<string, string>>,
  storage: StorageAdapter = createMemoryStorage(),
): Promise<FlowCatalog> {
  for (const [name, source] of Object.entries(flows)) {
    const [namespace = '', id = ''] = name.split('/');
    await put(storage, namespace, id, source);
  }
  const catalog = createFlowCatalog({ storage, registry, logger: silentLogger });
  await catalog.refresh();
  return catalog;
}
