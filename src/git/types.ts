import type { HttpClient } from 'isomorphic-git';
import type { Logger } from '../logger.js';

/**
 * The git engine's doors. Everything above this room speaks only these types; nothing here knows of flows.
 *
 * - **remote**: one repository at a URL, with the credentials and time-outs to reach it.
 * - **snapshot**: a lazy, path-scoped view of one commit.
 * - **oid**: an object id, 40 lower-case hex digits.
 */
export interface Git {
  /** Makes no request yet. */
  connect(options: RemoteOptions): Remote;
}

export interface RemoteOptions {
  /** `https://`, `http://`, `ssh://`, `git@host:path` or `file://`; user-info in it is used and never shown. */
  url: string;
  username?: string | undefined;
  password?: string | undefined;
  privateKey?: string | undefined;
  passphrase?: string | undefined;
  knownHosts?: string | undefined;
  strictHostKeyChecking?: boolean | undefined;
  connectTimeoutMs?: number | undefined;
  readTimeoutMs?: number | undefined;
  /** File with extra certificate authorities, for this remote only. */
  trustedCaPemPath?: string | undefined;
  /** Proxies by protocol, as `HTTP_PROXY` and its relatives give them; absent means a direct connection. */
  proxy?: ProxySettings | undefined;
  /** A caller's own HTTP client in isomorphic-git's plugin shape, instead of the built-in one. */
  http?: HttpClient | undefined;
  /**
   * Where mirrors are kept, shared by all processes that use it; absent means none are, and only the trees of the last
   * commits stay in this process's memory.
   */
  cacheDir?: string | undefined;
  /** How large all mirrors in `cacheDir` may be together; the least recently used go first. Default: 2 GiB. */
  cacheMaxBytes?: number | undefined;
  limits?: Partial<GitLimits> | undefined;
  signal?: AbortSignal | undefined;
  logger?: Logger | undefined;
  onProgress?: ((event: TransferProgress) => void) | undefined;
}

export interface ProxySettings {
  http?: string | undefined;
  https?: string | undefined;
  /** Comma-separated hosts, as `NO_PROXY`. */
  noProxy?: string | undefined;
}

/** Bounds on what a remote may send. Exceeding one is `LIMIT_EXCEEDED`. */
export interface GitLimits {
  maxPackBytes: number;
  maxObjectBytes: number;
  /** All objects of one pack together, inflated: what a small pack may grow to in memory. */
  maxContentBytes: number;
  maxObjects: number;
  maxTreeDepth: number;
  maxDeltaDepth: number;
}

export interface TransferProgress {
  phase: 'receive' | 'resolve' | 'checkout' | 'write' | 'send';
  /** Objects, files or bytes done so far, by phase. */
  done: number;
  /** Absent while unknown. */
  total?: number | undefined;
  bytes?: number | undefined;
  /** The remote's own words, redacted by the receiver. */
  message?: string | undefined;
}

export interface Remote {
  /** The URL without credentials, for messages. */
  readonly url: string;
  /** What the remote has; `prefixes` such as `refs/heads/` narrow the answer. */
  listRefs(prefixes?: readonly string[]): Promise<RemoteRefs>;
  /**
   * Opens one commit. With `verify`, whatever reads something of it fails when the signature is not good.
   * @throws BranchNotFoundError, RevisionNotFoundError, SignatureVerificationError
   */
  openSnapshot(revision: Revision, options: SnapshotOptions): Promise<Snapshot>;
  /** The present state of a branch that is about to be written, wherever it would start from. */
  openForPush(branch: string, options: SnapshotOptions): Promise<PushBase>;
  /**
   * Says that a push is about to come. The remote is asked who may write while the push is still being made; what it
   * answers, a refusal too, comes out of `push`.
   * @param planned what it will commit, once that is known: its trees are made when the remote has answered, for a push
   * of this very list that still waits for something else
   */
  expectPush(planned?: { base: PushBase; changes: readonly FileChange[] }): void;
  /**
   * Commits on top of `base` and pushes; the old id is the compare-and-swap.
   * @throws PushRejectedError with `race: true` when the branch moved, false when a hook or a rule refused.
   */
  push(base: PushBase, commit: CommitRequest): Promise<PushedCommit>;
  clone(options: CloneOptions): Promise<ClonedRepository>;
  /** Closes connections. Safe to call twice. */
  close(): Promise<void>;
}

export interface RemoteRefs {
  /** The default branch's full ref name, when the remote tells. */
  head: { ref: string | null; oid: string } | null;
  /** Full ref name → id. */
  refs: ReadonlyMap<string, string>;
  /** Annotated tags: full ref name → the id of what they point at. */
  peeled: ReadonlyMap<string, string>;
}

/** Exactly one of these; an empty object is the remote's default branch. `semver` is a range over tags. */
export interface Revision {
  branch?: string | undefined;
  tag?: string | undefined;
  /** Full or abbreviated id. */
  commit?: string | undefined;
  semver?: string | undefined;
}

export interface SnapshotOptions {
  /** Directory the run needs, relative, `''` for the root. Nothing outside it has to be transferred. */
  path: string;
  /**
   * `all`: bring the contents below `path` along, in as few requests as possible. `none`: bring trees only; contents
   * come when they are read, many in one request.
   */
  contents: 'all' | 'none';
  /** What has to be signed before any tree is asked for. */
  verify?: SignatureCheck | undefined;
}

/** Which object must carry a good signature, and whose. */
export interface SignatureCheck {
  /** `HEAD`: the commit that is opened. `TAG`: the annotated tag that names it. */
  mode: 'HEAD' | 'TAG';
  /** SSH public keys, one a line, and armoured OpenPGP public keys. */
  keys: readonly string[];
}

/** Opening a snapshot asks for refs alone; objects are transferred when something of it is first asked for. */
export interface Snapshot {
  /**
   * Settles when the first of its objects have been asked for, or all are at hand already: what else there is to do can
   * be done while they come. Never, when nothing of the snapshot is asked for.
   */
  readonly asked: Promise<void>;
  readonly commit: string;
  /** Short name of what was opened: a branch, a tag, or the commit id. */
  readonly revision: string;
  /** Id of the annotated tag that named it, when one did. */
  readonly tag?: string | undefined;
  /** Author, time (seconds since the epoch) and message of the commit. */
  describe(): Promise<CommitDescription>;
  /**
   * Every entry below `path`, recursively, sorted by path; paths are relative to the repository's root.
   * `null` when nothing is there. Directories are not entries.
   * @throws DirectoryNotFoundError when `path` is a file.
   */
  list(path: string): Promise<GitEntry[] | null>;
  /**
   * What differs below `path` from an older commit, found by walking only the directories that differ. Sorted by path.
   * Null, without a request, when that cannot be told: the older commit's trees are not at hand, or `path` was a file
   * in it, or is nothing now; then a listing tells.
   * @throws DirectoryNotFoundError when `path` is a file.
   */
  changedSince?(commit: string, path: string): Promise<PathChange[] | null>;
  /** The contents of blobs, by id. Missing ones are fetched in one request, for the empty one there is never any. */
  read(oids: readonly string[], options?: ReadOptions): Promise<ReadonlyMap<string, Uint8Array>>;
}

export interface ReadOptions {
  /**
   * Nobody will ask for them again, as for what a push is about to replace: they are not kept for other runs, and nothing
   * is waited for that others fetch or write down. Default: false.
   */
  once?: boolean | undefined;
  /** Is asked for contents that are not at hand, by id, before the remote is; it leaves out what it does not have. */
  elsewhere?: ((oids: readonly string[]) => Promise<ReadonlyMap<string, Uint8Array>>) | undefined;
}

export interface CommitDescription {
  author: { name: string; email: string; timestamp: number };
  message: string;
}

export interface GitEntry {
  path: string;
  oid: string;
  mode: GitMode;
}

/** A path that two commits have differently; null where one has no entry there. */
export interface PathChange {
  path: string;
  before: GitEntry | null;
  after: GitEntry | null;
}

/** Regular, executable, symbolic link, submodule. */
export type GitMode = '100644' | '100755' | '120000' | '160000';

export interface PushBase {
  readonly branch: string;
  /** What the branch points at on the remote; null when it has to be created. */
  readonly tip: string | null;
  /** The commit to build on (the branch, or the default branch); null in a repository without commits. */
  readonly snapshot: Snapshot | null;
}

export interface CommitRequest {
  /** Paths relative to the repository's root. */
  changes: readonly FileChange[];
  message: string;
  author: Signature;
  committer?: Signature | undefined;
  /** Called with the commit's id when it is on its way: while the remote is at work, so may others be. */
  onSent?: ((commit: string) => void) | undefined;
  /** Makes the armoured signature over the commit's bytes. */
  sign?: ((payload: Uint8Array) => Promise<string>) | undefined;
}

/** `content: null` deletes. Without a `mode` an existing file keeps its own and a new one is regular. */
export interface FileChange {
  path: string;
  content: Uint8Array | null;
  mode?: GitMode | undefined;
  /** The commit built upon holds this content, under whatever name: it is not sent again. Default: false. */
  atRemote?: boolean | undefined;
}

export interface Signature {
  name: string;
  email: string;
  /** Seconds since the epoch. */
  timestamp: number;
  /** Minutes west of UTC, as `Date.getTimezoneOffset` gives it. */
  timezoneOffset: number;
}

export interface PushedCommit {
  /** Null when the changes left the tree as it was: then nothing was pushed, and no branch made. */
  commit: string | null;
  /** Lines the remote wrote about the push. */
  remoteMessages: string[];
}

export interface CloneOptions extends Revision {
  directory: string;
  /** 0 means the whole history. */
  depth: number;
  allBranches: boolean;
  noTags: boolean;
  gitConfig?: Readonly<Record<string, string | number | boolean>> | undefined;
  /** What has to be signed before a file is written. */
  verify?: SignatureCheck | undefined;
}

export interface ClonedRepository {
  directory: string;
  commit: string;
  files: number;
}
