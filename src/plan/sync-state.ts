import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { ResourceKey, ResourceKind } from '../../schemas/resources.js';
import { formatKey, type StorageAdapter, type StorageChange, type StoredContent } from '../storage/types.js';

/**
 * What flowgit remembers of a sync or push between runs: which commit it saw last, and for every resource the path and
 * the blob ids both sides had then. It is the base of three-way decisions, the list of what a sync owns, and the reason
 * an unchanged file is neither fetched nor read again. Storage keeps it as a `state` resource, written in the same
 * batch as the resources.
 */
export interface SyncState {
  readonly id: string;
  readonly commit: string | null;
  /** By git path. */
  readonly byPath: ReadonlyMap<string, SyncedResource>;
  /** By `formatKey`. */
  readonly byKey: ReadonlyMap<string, SyncedResource>;
  /** Blob id of the state resource itself, for the compare-and-swap; null when there is none yet. */
  readonly storedOid: string | null;
  /** The bytes it was read from, to tell whether a new state differs. */
  readonly bytes: Uint8Array | null;
}

export interface SyncedResource {
  gitPath: string;
  key: ResourceKey;
  /** Blob id in git. */
  gitOid: string;
  /** Blob id in storage; another one where the namespace is rewritten on the way. */
  storedOid: string;
}

/** What makes two runs the same sync: change one of these and it starts without a memory. */
export interface SyncIdentity {
  direction: 'SYNC' | 'PUSH';
  kind: Exclude<ResourceKind, 'state'>;
  /** Without credentials. */
  url: string;
  revision: string;
  directory: string;
  /** Storage's namespace, and the one written into git where that differs. */
  namespace: string;
  gitNamespace: string;
  children: boolean;
  /** Further choices that change what is written, such as `references`. */
  rewrite: string;
}

const document = z.object({
  version: z.literal(1),
  sync: z.record(z.string(), z.unknown()),
  commit: z.string().nullable(),
  /** `[gitPath, namespace, id, gitOid, storedOid]`, sorted by path. */
  resources: z.array(z.tuple([z.string(), z.string(), z.string(), z.string(), z.string()])),
});

/** A stable, readable id: `sync-flow-company.team-1f3a…`. */
export function syncId(identity: SyncIdentity): string {
  const digest = createHash('sha256')
    .update(JSON.stringify(identityFields(identity)))
    .digest('hex')
    .slice(0, 12);
  return `${identity.direction.toLowerCase()}-${identity.kind}-${identity.namespace || 'all'}-${digest}`;
}

/**
 * Reads the state of a sync. It is parsed when something of it is first asked for; one that cannot be understood counts
 * as empty, because a sync works without it.
 */
export async function readSyncState(storage: StorageAdapter, identity: SyncIdentity): Promise<SyncState> {
  const id = syncId(identity);
  const [stored = null] = await storage.read([stateKey(id)]);
  let parsed: Pick<SyncState, 'commit' | 'byPath' | 'byKey'> | null = null;
  const content = () => {
    parsed ??= index(identity, stored === null ? null : parse(stored));
    return parsed;
  };
  return {
    id,
    storedOid: stored?.oid ?? null,
    bytes: stored?.content ?? null,
    get commit() {
      return content().commit;
    },
    get byPath() {
      return content().byPath;
    },
    get byKey() {
      return content().byKey;
    },
  };
}

function index({ kind }: SyncIdentity, parsed: z.output<typeof document> | null) {
  const resources = (parsed?.resources ?? []).map(
    ([gitPath, namespace, id, gitOid, storedOid]): SyncedResource => ({
      gitPath,
      key: { kind, namespace, id },
      gitOid,
      storedOid,
    }),
  );
  return {
    commit: parsed?.commit ?? null,
    byPath: new Map(resources.map((resource) => [resource.gitPath, resource])),
    byKey: new Map(resources.map((resource) => [formatKey(resource.key), resource])),
  };
}

/** The change that records a run, or null when storage already says exactly that. */
export function recordSyncState(
  state: SyncState,
  identity: SyncIdentity,
  commit: string | null,
  resources: readonly SyncedResource[],
): StorageChange | null {
  const rows = resources
    .map(
      ({ gitPath, key, gitOid, storedOid }) => [gitPath, key.namespace, key.id, gitOid, storedOid] as const,
    )
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const lines = rows.map((row) => JSON.stringify(row)).join(',\n');
  const head = JSON.stringify({ version: 1, sync: identityFields(identity), commit }).slice(0, -1);
  const content = new TextEncoder().encode(`${head},"resources":[\n${lines}\n]}\n`);
  if (state.bytes !== null && Buffer.compare(state.bytes, content) === 0) return null;
  return { action: 'put', key: stateKey(state.id), content, expectedOid: state.storedOid };
}

function parse(stored: StoredContent): z.output<typeof document> | null {
  try {
    return document.parse(JSON.parse(new TextDecoder().decode(stored.content)));
  } catch {
    return null;
  }
}

function stateKey(id: string): ResourceKey {
  return { kind: 'state', namespace: '', id };
}

function identityFields(identity: SyncIdentity) {
  const { direction, kind, url, revision, directory, namespace, gitNamespace, children, rewrite } = identity;
  return { direction, kind, url, revision, directory, namespace, gitNamespace, children, rewrite };
}
