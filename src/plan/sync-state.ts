import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { ResourceKey, ResourceKind } from '../../schemas/resources.js';
import type { Revision } from '../git/types.js';
import { formatKey, type StorageAdapter, type StorageChange, type StoredContent } from '../storage/types.js';
import {
  type CommitTable,
  commitTable,
  indexOfCommit,
  type SyncedCommit,
  usedCommits,
} from './commit-table.js';
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

/** What is recorded beside the resources. */
export interface RecordedRun {
  /** The commit with its author and time, for what it brought. */
  origin?: SyncedCommit | null | undefined;
  /** Which commit was asked for. */
  reads?: Revision | undefined;
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

/** The change that records a run, or null when storage already says exactly that. */
export function recordSyncState(
  state: SyncState,
  identity: SyncIdentity,
  commit: string | null,
  resources: readonly SyncedResource[],
  run: RecordedRun = {},
): StorageChange | null {
  const sorted = sortedByPath(resources);
  const { table, index } = indexOfCommit(state.commits, run.origin ?? null);
  const former = state.bytes === null ? null : state.byPath;
  const originOf = ({ gitPath, gitOid }: SyncedResource): number | undefined => {
    const before = former?.get(gitPath);
    // The same bytes at the same place came with an earlier commit.
    return before?.gitOid === gitOid ? (before.origin ?? index) : index;
  };
  const used = new Set<number>();
  for (const resource of former === null ? sorted.slice(0, 1) : sorted) {
    const origin = originOf(resource);
    if (origin !== undefined) used.add(origin);
  }
  const record = (commits: CommitTable): StorageChange | null => {
    const first = firstLine(identity, commit, commits, run.reads);
    return recordContent(
      state,
      joinLines(sorted, (resource) => formatStateLine(resource, originOf(resource)), first),
    );
  };
  const swept = usedCommits(table, used);
  // Commits that a shortened run left in the table are no reason to write a record that says the same.
  const isSwept = state.commit === commit && Object.keys(swept).length < Object.keys(table).length;
  return isSwept && record(table) === null ? null : record(swept);
}

/** Mostly they are sorted already, or nearly. */
function sortedByPath(resources: readonly SyncedResource[]): readonly SyncedResource[] {
  const isSorted = resources.every(
    ({ gitPath }, at) => at === 0 || (resources[at - 1]?.gitPath ?? '') <= gitPath,
  );
  if (isSorted) return resources;
  return [...resources].sort((a, b) => (a.gitPath < b.gitPath ? -1 : a.gitPath > b.gitPath ? 1 : 0));
}

/** As `recordSyncState`, for lines that stand already. */
export function recordStateLines(
  state: SyncState,
  identity: SyncIdentity,
  commit: string | null,
  lines: SortedLines,
  { table = state.commits, reads }: { table?: CommitTable; reads?: Revision | undefined } = {},
): StorageChange | null {
  const first = firstLine(identity, commit, table, reads);
  return recordContent(state, Buffer.concat([Buffer.from(`${first}\n`), lines.bytes]));
}

function recordContent(state: SyncState, content: Uint8Array): StorageChange | null {
  if (state.bytes !== null && Buffer.compare(state.bytes, content) === 0) return null;
  return { action: 'put', key: stateKey(state.id), content, expectedOid: state.storedOid };
}

function firstLine(
  identity: SyncIdentity,
  commit: string | null,
  commits: CommitTable,
  reads: Revision | undefined,
): string {
  return JSON.stringify({ version: 2, sync: identityFields(identity), commit, reads, commits });
}

/** Where storage keeps the state of the sync with this id. */
export function stateKey(id: string): ResourceKey {
  return { kind: 'state', namespace: '', id };
}

function identityFields(identity: SyncIdentity): SyncIdentity {
  const { direction, kind, url, revision, directory, namespace, gitNamespace, children, rewrite } = identity;
  return { direction, kind, url, revision, directory, namespace, gitNamespace, children, rewrite };
}
