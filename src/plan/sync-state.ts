import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { ResourceKey, ResourceKind } from '../../schemas/resources.js';
import { formatKey, type StorageAdapter, type StoredContent } from '../storage/types.js';
import { type CommitTable, commitTable } from './commit-table.js';
import { SortedLines } from './sorted-lines.js';

/**
 * What flowgit remembers of a sync or push between runs: which commit it saw last, and for every resource the path and
 * the blob ids both sides had then. It is the base of three-way decisions, the list of what a sync owns, and the reason
 * an unchanged file is neither fetched nor read again. Storage keeps it as a `state` resource, written in the same
 * batch as the resources.
 */
export interface SyncState {
  readonly id: string;
  readonly commit: string | null;
  /** The commits that brought what is there, by the number that resources name them with. */
  readonly commits: CommitTable;
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
  /** Number of the commit, in `SyncState.commits`, that the content in git came or went with. */
  origin?: number | undefined;
  /**
   * Of a merge that left the target with more than the source has: the text that both sides share, in the target's
   * form. It is the base of the next merge; neither side alone could tell it.
   */
  ancestor?: string | undefined;
}

/** What makes two runs the same sync: change one of these and it starts without a memory. */
export interface SyncIdentity {
  direction: 'SYNC' | 'PUSH';
  kind: Exclude<ResourceKind, 'state'>;
  /** Without credentials. */
  url: string;
  /** The branch, also while a sync reads a tag or a commit instead. */
  revision: string;
  directory: string;
  /** Storage's namespace, and the one written into git where that differs. */
  namespace: string;
  gitNamespace: string;
  children: boolean;
  /** Further choices that change what is written, such as `references`. */
  rewrite: string;
}

/**
 * The first line of a stored state. A line `[gitPath, namespace, id, gitOid, storedOid, origin?, ancestor?]` per resource
 * follows. Version 1 had neither of the last two.
 */
const header = z.object({
  version: z.union([z.literal(1), z.literal(2)]),
  sync: z.record(z.string(), z.unknown()),
  commit: z.string().nullable(),
  reads: z.record(z.string(), z.string()).optional(),
  commits: commitTable.optional(),
});
/** The first line of a state, as it stands there. */
export type StateHeader = z.output<typeof header>;

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
  return openState(id, identity.kind, stored).state;
}

/** The state that storage holds under an id, with its first line; null where that cannot be understood. */
export function openState(
  id: string,
  kind: SyncIdentity['kind'],
  stored: StoredContent | null,
): { state: SyncState; head: StateHeader | null } {
  const bytes = stored?.content ?? null;
  const lineEnd = bytes?.indexOf(10) ?? -1;
  const head = bytes === null ? null : parseHeader(bytes.subarray(0, Math.max(lineEnd, 0)));
  const rows = head === null ? new Uint8Array() : (bytes?.subarray(lineEnd + 1) ?? new Uint8Array());
  let resources: SyncedResource[] | null = null;
  let byPath: Map<string, SyncedResource> | null = null;
  let byKey: Map<string, SyncedResource> | null = null;
  const all = () => {
    resources ??= parseRows({ kind }, rows);
    return resources;
  };
  const state: SyncState = {
    id,
    commit: head?.commit ?? null,
    commits: head?.commits ?? {},
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
  return { state, head };
}

/** One line of `SyncState.lines`; null when it was damaged. */
export function parseStateLine({ kind }: Pick<SyncIdentity, 'kind'>, line: string): SyncedResource | null {
  try {
    return resourceOf(kind, JSON.parse(line));
  } catch {
    return null;
  }
}

/** The line that stands for a resource. */
export function formatStateLine(resource: SyncedResource, origin = resource.origin): string {
  const { gitPath, key, gitOid, storedOid, ancestor } = resource;
  const names = `${quoted(gitPath)},${quoted(key.namespace)},${quoted(key.id)}`;
  const row = `[${names},"${gitOid}","${storedOid}"`;
  if (ancestor !== undefined) return `${row},${origin ?? null},${JSON.stringify(ancestor)}]`;
  return origin === undefined ? `${row}]` : `${row},${origin}]`;
}

/** As `JSON.stringify`, which takes longer for what needs no escaping. */
function quoted(text: string): string {
  return /^[\w ./@-]*$/.test(text) ? `"${text}"` : JSON.stringify(text);
}

function parseRows({ kind }: Pick<SyncIdentity, 'kind'>, bytes: Uint8Array): SyncedResource[] {
  try {
    const text = Buffer.from(bytes).toString().trimEnd().replaceAll('\n', ',');
    return (JSON.parse(`[${text}]`) as unknown[]).map((row) => resourceOf(kind, row));
  } catch {
    return [];
  }
}

/** By hand, because there may be fifty thousand at every run. */
function resourceOf(kind: SyncIdentity['kind'], row: unknown): SyncedResource {
  if (!Array.isArray(row) || row.length < 5 || row.length > 7) throw damaged();
  for (let index = 0; index < 5; index++) if (typeof row[index] !== 'string') throw damaged();
  const [gitPath, namespace, id, gitOid, storedOid, origin, ancestor] = row as string[] & unknown[];
  const resource = { gitPath, key: { kind, namespace, id }, gitOid, storedOid } as SyncedResource;
  if (typeof origin === 'number') resource.origin = origin;
  if (typeof ancestor === 'string') resource.ancestor = ancestor;
  return resource;
}

function damaged(): Error {
  return new Error('The row does not name a resource.');
}

function parseHeader(line: Uint8Array): StateHeader | null {
  try {
    return header.parse(JSON.parse(Buffer.from(line).toString()));
  } catch {
    return null;
  }
}

/** Where storage keeps the state of the sync with this id. */
export function stateKey(id: string): ResourceKey {
  return { kind: 'state', namespace: '', id };
}

/** The fields of an identity in the order that records and ids have them. */
export function identityFields(identity: SyncIdentity): SyncIdentity {
  const { direction, kind, url, revision, directory, namespace, gitNamespace, children, rewrite } = identity;
  return { direction, kind, url, revision, directory, namespace, gitNamespace, children, rewrite };
}
