import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { ResourceKey, ResourceKind } from '../../schemas/resources.js';
import { formatKey, type StorageAdapter, type StorageChange } from '../storage/types.js';
import { joinLines, SortedLines } from './sorted-lines.js';

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
  /** A line per resource, for runs that look a few of them up. */
  readonly lines: SortedLines;
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

/** The first line of a stored state; a line `[gitPath, namespace, id, gitOid, storedOid]` per resource follows. */
const header = z.object({
  version: z.literal(1),
  sync: z.record(z.string(), z.unknown()),
  commit: z.string().nullable(),
});
const row = z.tuple([z.string(), z.string(), z.string(), z.string(), z.string()]);

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
  const bytes = stored?.content ?? null;
  const lineEnd = bytes?.indexOf(10) ?? -1;
  const head = bytes === null ? null : parseHeader(bytes.subarray(0, Math.max(lineEnd, 0)));
  const rows = head === null ? new Uint8Array() : (bytes?.subarray(lineEnd + 1) ?? new Uint8Array());
  let resources: SyncedResource[] | null = null;
  let byPath: Map<string, SyncedResource> | null = null;
  let byKey: Map<string, SyncedResource> | null = null;
  const all = () => {
    resources ??= parseRows(identity, rows);
    return resources;
  };
  return {
    id,
    commit: head?.commit ?? null,
    storedOid: stored?.oid ?? null,
    bytes,
    lines: new SortedLines(rows),
    get byPath() {
      byPath ??= new Map(all().map((resource) => [resource.gitPath, resource]));
      return byPath;
    },
    get byKey() {
      byKey ??= new Map(all().map((resource) => [formatKey(resource.key), resource]));
      return byKey;
    },
  };
}

/** One line of `SyncState.lines`; null when it was damaged. */
export function parseStateLine({ kind }: SyncIdentity, line: string): SyncedResource | null {
  try {
    const [gitPath, namespace, id, gitOid, storedOid] = row.parse(JSON.parse(line));
    return { gitPath, key: { kind, namespace, id }, gitOid, storedOid };
  } catch {
    return null;
  }
}

/** The line that stands for a resource. */
export function formatStateLine({ gitPath, key, gitOid, storedOid }: SyncedResource): string {
  return JSON.stringify([gitPath, key.namespace, key.id, gitOid, storedOid]);
}

function parseRows({ kind }: SyncIdentity, bytes: Uint8Array): SyncedResource[] {
  try {
    const text = Buffer.from(bytes).toString().trimEnd().replaceAll('\n', ',');
    return z
      .array(row)
      .parse(JSON.parse(`[${text}]`))
      .map(([gitPath, namespace, id, gitOid, storedOid]) => ({
        gitPath,
        key: { kind, namespace, id },
        gitOid,
        storedOid,
      }));
  } catch {
    return [];
  }
}

function parseHeader(line: Uint8Array): z.output<typeof header> | null {
  try {
    return header.parse(JSON.parse(Buffer.from(line).toString()));
  } catch {
    return null;
  }
}

/** The change that records a run, or null when storage already says exactly that. */
export function recordSyncState(
  state: SyncState,
  identity: SyncIdentity,
  commit: string | null,
  resources: readonly SyncedResource[],
): StorageChange | null {
  const sorted = [...resources].sort((a, b) => (a.gitPath < b.gitPath ? -1 : a.gitPath > b.gitPath ? 1 : 0));
  const lines = joinLines(sorted, formatStateLine);
  return recordContent(state, Buffer.from(`${firstLine(identity, commit)}\n${lines}`));
}

/** As `recordSyncState`, for lines that stand already. */
export function recordStateLines(
  state: SyncState,
  identity: SyncIdentity,
  commit: string | null,
  lines: SortedLines,
): StorageChange | null {
  return recordContent(state, Buffer.concat([Buffer.from(`${firstLine(identity, commit)}\n`), lines.bytes]));
}

function recordContent(state: SyncState, content: Uint8Array): StorageChange | null {
  if (state.bytes !== null && Buffer.compare(state.bytes, content) === 0) return null;
  return { action: 'put', key: stateKey(state.id), content, expectedOid: state.storedOid };
}

function firstLine(identity: SyncIdentity, commit: string | null): string {
  return JSON.stringify({ version: 1, sync: identityFields(identity), commit });
}

/** Where storage keeps the state of the sync with this id. */
export function stateKey(id: string): ResourceKey {
  return { kind: 'state', namespace: '', id };
}

function identityFields(identity: SyncIdentity) {
  const { direction, kind, url, revision, directory, namespace, gitNamespace, children, rewrite } = identity;
  return { direction, kind, url, revision, directory, namespace, gitNamespace, children, rewrite };
}
