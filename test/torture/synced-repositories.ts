import { join } from 'node:path';
import type { StorageAdapter } from '../../src/storage/types.js';
import { BareRepository } from '../support/bare-repository.js';
import { flowSource } from '../support/world.js';

export const flowsPerRepository = 5;

/** Bare repositories `r0.git`, `r1.git`… below a folder, each with the same flows in their first version. */
export async function createRepositories(root: string, count: number): Promise<BareRepository[]> {
  const repositories: BareRepository[] = [];
  for (let index = 0; index < count; index += 1) {
    repositories.push(await BareRepository.create(join(root, `r${index}.git`), contents('first')));
  }
  return repositories;
}

/** Changes every flow of every repository. */
export async function commitToAll(repositories: readonly BareRepository[], version: string): Promise<void> {
  for (const repository of repositories) await repository.commit(contents(version));
}

function contents(version: string): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: flowsPerRepository }, (_, index) => [
      `_flows/flow-${index}.yml`,
      flowSource('team', `flow-${index}`, `# ${version}\n`),
    ]),
  );
}

export interface Syncs {
  count: number;
  /** The repository of a sync. */
  url(index: number): string;
  /** YAML that is appended to each. */
  triggers?: string;
}

/** Stores flows `system.sync-0`, `system.sync-1`…, each of which fills the namespace `team.sync-0`… of its own. */
export async function storeSyncs(
  storage: StorageAdapter,
  { count, url, triggers = '' }: Syncs,
): Promise<void> {
  await storage.apply({
    changes: Array.from({ length: count }, (_, index) => {
      const id = `sync-${index}`;
      return {
        action: 'put',
        key: { kind: 'flow', namespace: 'system', id },
        content: Buffer.from(`${syncSource(id, url(index))}${triggers}`),
        expectedOid: null,
      } as const;
    }),
  });
}

export function syncSource(id: string, url: string): string {
  const task = `type: git.SyncFlows\n    url: ${url}\n    branch: main\n    targetNamespace: team.${id}\n    delete: true`;
  return `id: ${id}\nnamespace: system\ntasks:\n  - id: sync\n    ${task}\n`;
}
