import { join } from 'node:path';
import type { ResourceKey } from '../../schemas/resources.js';
import type { RunContext } from '../../src/runtime/context.js';
import { createRunContext, type RunContextOptions } from '../../src/runtime/create-context.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import type { StorageAdapter } from '../../src/storage/types.js';
import { type GitServer, type GitServerOptions, startGitServer } from '../../src/testing/git-server.js';
import { BareRepository, type Files, temporaryDirectory } from './bare-repository.js';

/** A repository behind a real git server, a storage, and a context that brings the two together. */
export interface World {
  repository: BareRepository;
  server: GitServer;
  url: string;
  storage: StorageAdapter;
  context: RunContext;
  /** Log lines as `message {fields}`. */
  logs: string[];
  directory: string;
  close(): Promise<void>;
}

export interface WorldOptions {
  files?: Files;
  server?: Partial<GitServerOptions>;
  context?: Partial<RunContextOptions>;
  storage?: StorageAdapter;
}

export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const { path: directory, remove } = await temporaryDirectory();
  const repository = await BareRepository.create(join(directory, 'flows.git'), options.files);
  const server = await startGitServer({ root: directory, ...options.server });
  const storage = options.storage ?? createMemoryStorage();
  const logs: string[] = [];
  const log = (fields: object, message: string) => logs.push(`${message} ${JSON.stringify(fields)}`);
  const logger = { debug: log, info: log, warn: log, error: log, child: () => logger };
  return {
    repository,
    server,
    url: `${server.url}/flows.git`,
    storage,
    logs,
    directory,
    context: createRunContext({
      storage,
      logger,
      identity: { namespace: 'system', flowId: 'runner' },
      ...options.context,
    }),
    async close() {
      await server.close();
      await remove();
    },
  };
}

/** A flow's source; `extra` is appended. */
export function flowSource(namespace: string, id: string, extra = ''): string {
  return `id: ${id}\nnamespace: ${namespace}\n\ntasks:\n  - id: log\n    type: core.log.Log\n    message: from ${id}\n${extra}`;
}

export function flowKey(namespace: string, id: string): ResourceKey {
  return { kind: 'flow', namespace, id };
}

/** Puts resources into storage: flows as `namespace/id`, files as `namespace:path`. */
export async function fill(
  storage: StorageAdapter,
  resources: Record<string, string | Uint8Array>,
): Promise<void> {
  const changes = await Promise.all(
    Object.entries(resources).map(async ([name, content]) => {
      const key = keyOf(name);
      const [present] = await storage.read([key]);
      return {
        action: 'put',
        key,
        content: Buffer.from(content),
        expectedOid: present?.oid ?? null,
      } as const;
    }),
  );
  await storage.apply({ changes });
}

/** Everything of a kind in storage, by the names that `fill` takes. */
export async function contents(
  storage: StorageAdapter,
  kind: 'flow' | 'file' = 'flow',
): Promise<Record<string, string>> {
  const entries = await storage.list({ kind, namespace: '', children: true });
  const read = await storage.read(entries.map(({ key }) => key));
  const separator = kind === 'flow' ? '/' : ':';
  return Object.fromEntries(
    entries.map(({ key }, index) => [
      `${key.namespace}${separator}${key.id}`,
      Buffer.from(read[index]?.content ?? []).toString(),
    ]),
  );
}

/** The next run has to look at everything. */
export async function removeReceipts(storage: StorageAdapter): Promise<void> {
  const state = await storage.list({ kind: 'state', namespace: '', children: false });
  const changes = state
    .filter(({ key }) => key.id.endsWith('.receipt'))
    .map(({ key, oid }) => ({ action: 'delete', key, expectedOid: oid }) as const);
  if (changes.length > 0) await storage.apply({ changes });
}

/** The rows of an output file. */
export async function rows(context: RunContext, uri: string): Promise<Record<string, unknown>[]> {
  const text = new TextDecoder().decode(await context.outputFiles.read(uri));
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

function keyOf(name: string): ResourceKey {
  const file = /^([^:]*):(.*)$/s.exec(name);
  if (file !== null) return { kind: 'file', namespace: file[1] ?? '', id: file[2] ?? '' };
  const slash = name.indexOf('/');
  return flowKey(name.slice(0, slash), name.slice(slash + 1));
}
