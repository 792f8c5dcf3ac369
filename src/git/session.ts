import type { Logger } from '../logger.js';
import type { KnownCommit } from './mirror/remote-memory.js';
import type { SharedRemote } from './mirror/shared-remote.js';
import type { MemoryObjectStore } from './objects/memory-store.js';
import type { TreeEntry } from './objects/parse-tree.js';
import type { Transport } from './transport/transport.js';
import type {
  GitLimits,
  RemoteOptions,
  RemoteRefs,
  Revision,
  Snapshot,
  SnapshotOptions,
  TransferProgress,
} from './types.js';

/** One remote as the rooms inside the git engine see it: a transport, the fetch protocol spoken over it, and bounds. */
export interface RemoteSession {
  readonly options: RemoteOptions;
  /** The URL without credentials, for messages. */
  readonly url: string;
  readonly transport: Transport;
  /** Complete: the defaults where the caller set none. */
  readonly limits: GitLimits;
  readonly logger: Logger;
  readonly signal: AbortSignal | undefined;
  /** What all sessions with this remote have in common. */
  readonly shared: SharedRemote;
  onProgress(event: TransferProgress): void;
  listRefs(prefixes?: readonly string[]): Promise<RemoteRefs>;
  /** The full name of what `HEAD` is to be in a repository without commits; null when the server does not tell. */
  unbornHead(): Promise<string | null>;
  /**
   * Asks for objects. The answer's `pack` has to be read, or its iterator returned.
   * @throws EmptyResponseError when the server does not do what was asked (a filter, a tree by id) and says nothing.
   */
  fetchPack(request: FetchRequest): Promise<FetchedPack>;
  openSnapshot(revision: Revision, options: SnapshotOptions): Promise<RemoteSnapshot>;
}

/** The `fetch` command of gitprotocol-v2; older protocols are given what they understand of it. */
export interface FetchRequest {
  wants: readonly string[];
  haves?: readonly string[];
  /** Commits whose parents we do not have. */
  shallow?: readonly string[];
  /**
   * Deltas may be made against what `haves` reach. With `deepen`, git leaves out what the haves hold only then
   * (git: upload-pack.c, --objects-edge-aggressive).
   */
  thin?: boolean;
  /**
   * Refused when the server has none of `haves`, which would make it send what they were to leave out. Protocol v0 has
   * no cheap way to ask, and takes them for known.
   */
  ifCommon?: boolean;
  /** Commits per branch; absent or 0 means the whole history. */
  deepen?: number;
  /** A filter-spec such as `blob:none` or `tree:1`. */
  filter?: string;
  /** Annotated tags that point at what is sent come along. */
  includeTag?: boolean;
}

export interface FetchedPack {
  /** Commits that the server cut the history at. */
  shallow: readonly string[];
  unshallow: readonly string[];
  /** Raw bytes of the pack, out of the side band. */
  pack: AsyncIterable<Uint8Array>;
}

/** A snapshot with its objects, for those who build upon it. */
export interface RemoteSnapshot extends Snapshot {
  rootTree(): Promise<string>;
  /** What is at hand of it: the trees of the wanted directory, and whether their contents are. */
  known(): Promise<KnownCommit>;
  /** What has been fetched so far; new objects may be put in. */
  readonly objects: MemoryObjectStore;
  /**
   * One directory, `''` for the root; trees on the way are fetched when they are missing. Its bytes are in `objects`.
   * `null` when nothing is there.
   * @throws DirectoryNotFoundError when `path` is a file.
   */
  tree(path: string): Promise<OpenTree | null>;
}

export interface OpenTree {
  oid: string;
  /** In git's order. */
  entries: readonly TreeEntry[];
}
