import type { ResourceKey } from '../../schemas/resources.js';
import type { GitEntry, GitMode, Snapshot } from '../../src/git/types.js';
import { PagedLines } from '../../src/plan/pages/paged-lines.js';
import type { RunRecord } from '../../src/plan/run-records.js';
import type { SyncedResource, SyncState } from '../../src/plan/sync-state.js';
import { blobId } from '../../src/resources/blob-id.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import { formatKey, type StorageAdapter, type StoredEntry } from '../../src/storage/types.js';

/** A file's content, with a mode where it is not an ordinary file. */
export type FakeFile = string | Uint8Array | { mode: GitMode; content: string };

export interface FakeSnapshot extends Snapshot {
  /** Everything in it, sorted by path. */
  readonly entries: GitEntry[];
  /** The blob ids asked for so far. */
  readonly reads: string[];
}

/** A commit with these files. */
export function snapshotOf(files: Readonly<Record<string, FakeFile>>): FakeSnapshot {
  const contents = new Map<string, Uint8Array>();
  const entries = Object.entries(files).map(([path, file]): GitEntry => {
    const { mode, content } =
      typeof file === 'object' && 'mode' in file ? file : { mode: '100644' as const, content: file };
    const bytes = new Uint8Array(Buffer.from(content));
    const oid = blobId(bytes);
    contents.set(oid, bytes);
    return { path, oid, mode };
  });
  const reads: string[] = [];
  return {
    asked: Promise.resolve(),
    commit: 'c0ffee',
    revision: 'main',
    entries: entries.sort((a, b) => (a.path < b.path ? -1 : 1)),
    reads,
    async describe() {
      throw new Error('No plan asks for this.');
    },
    async list() {
      return this.entries;
    },
    async read(oids) {
      reads.push(...oids);
      return new Map(
        oids.flatMap((oid) => (contents.has(oid) ? [[oid, contents.get(oid) ?? bytesOf('')]] : [])),
      );
    },
  };
}

export function stateOf(resources: readonly SyncedResource[] = []): SyncState {
  return {
    id: 'sync-flow-team-000000000000',
    commit: null,
    commits: {},
    byPath: new Map(resources.map((one) => [one.gitPath, one])),
    byKey: new Map(resources.map((one) => [formatKey(one.key), one])),
    storedOid: null,
    bytes: null,
    lines: new PagedLines(createMemoryStorage(), 'sync-flow-team-000000000000', { inline: new Uint8Array() }),
  };
}

export function flowKey(id: string, namespace = 'team'): ResourceKey {
  return { kind: 'flow', namespace, id };
}

/** What both sides agreed on; ids are those of the contents. */
export function synced(gitPath: string, key: ResourceKey, inGit: string, inStorage = inGit): SyncedResource {
  return { gitPath, key, gitOid: oidOf(inGit), storedOid: oidOf(inStorage) };
}

export function flow(id: string, namespace = 'team', extra = ''): string {
  return `id: ${id}\nnamespace: ${namespace}\ntasks:\n  - id: t\n    type: core.log.Log\n${extra}`;
}

export function oidOf(text: string): string {
  return blobId(bytesOf(text));
}

export function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}

/** Puts contents into a storage and lists it. */
export async function store(
  storage: StorageAdapter,
  contents: readonly (readonly [ResourceKey, string | Uint8Array])[],
): Promise<StoredEntry[]> {
  await storage.apply({
    changes: contents.map(([key, content]) => ({
      action: 'put',
      key,
      content: Buffer.from(content),
      expectedOid: null,
    })),
  });
  return storage.list({ kind: 'flow', namespace: '', children: true });
}

/** The record of a run at a minute of its own. */
export function runOf(
  minute: number,
  run: Partial<Omit<RunRecord, 'count' | 'since'>>,
): Omit<RunRecord, 'count' | 'since'> {
  return {
    at: new Date(minute * 60_000).toISOString(),
    outcome: 'SUCCESS',
    task: 'git.SyncFlows',
    flow: 'system.sync',
    executionId: 'e',
    commit: null,
    summary: null,
    changes: [],
    more: 0,
    error: null,
    ...run,
  };
}

/** The error a promise ends with. */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('It did not fail.');
}
