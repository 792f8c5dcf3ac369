import type { ResourceKey, ResourceKind } from '../../schemas/resources.js';

/**
 * The storage contract: what flowgit needs from a place that holds flows and files.
 *
 * - **resource**: named by a `ResourceKey`, has bytes as its content and a revision.
 * - **oid**: the git blob id (40 hex digits) of a resource's bytes. It is the content's identity, so a listing can be
 *   compared with a git tree without reading anything.
 * - **revision**: a positive integer that grows by one with every real change of a resource, deletion included,
 *   and never otherwise. Recreating a deleted resource continues its count.
 * - **scope**: one namespace of one kind, with or without the namespaces below it.
 * - **batch**: changes that land together, each with the oid its writer expects to replace.
 *
 * Three methods are required. A missing optional method means a missing capability, never a silent no-op.
 */
export interface StorageAdapter {
  /** Where the storage is, without credentials, for messages. */
  readonly location: string;

  /** Everything in the scope, sorted by namespace, then id (by code unit). Contents are not read. */
  list(scope: Scope, options?: StorageCallOptions): Promise<StoredEntry[]>;

  /**
   * The contents of the keys, in their order. A key that is absent is `null`; a read that fails throws and is never
   * reported as absent.
   */
  read(keys: readonly ResourceKey[], options?: StorageCallOptions): Promise<(StoredContent | null)[]>;

  /**
   * Writes the whole batch or nothing (`atomic: true`), after checking every expectation.
   * A put whose content is already there changes nothing and keeps the revision.
   * @throws StorageConflictError when an expectation does not hold; nothing was written. `data.keys` names them.
   */
  apply(batch: Batch, options?: StorageCallOptions): Promise<AppliedChange[]>;

  /** False when a batch can be left half done by a failure; it is undone then (apply-or-undo.ts). Absent means true. */
  readonly atomic?: boolean;

  /** The storage's own validation of a resource, in one call for many. Returns one list of problems per item. */
  validate?(items: readonly ValidationItem[], options?: StorageCallOptions): Promise<ValidationProblem[][]>;

  /**
   * A cheap token that changes whenever anything in the scope changes, hand edits included. Two equal tokens mean that
   * `list` would answer the same.
   */
  version?(scope: Scope, options?: StorageCallOptions): Promise<string>;

  /**
   * As `apply`, provided that the scope is still at `version`, and tells the version that the batch leads to. Between
   * the two nothing else is written, so that whoever knows the scope before the batch knows it after the batch.
   * @throws StorageConflictError when the scope is at another version; nothing was written
   */
  applyAt?(
    batch: Batch,
    at: { scope: Scope; version: string },
    options?: StorageCallOptions,
  ): Promise<{ applied: AppliedChange[]; version: string }>;

  /** Every revision a resource has had, newest first. Records of kind `state` have no history. */
  history?(key: ResourceKey, options?: StorageCallOptions): Promise<StoredRevision[]>;

  /** What a resource held at a revision; `null` when there is no such revision, or when it was a deletion. */
  readRevision?(
    key: ResourceKey,
    revision: number,
    options?: StorageCallOptions,
  ): Promise<StoredContent | null>;

  /** Calls back after something in the scope changed; resolves to a function that stops watching. */
  watch?(scope: Scope, onChange: () => void): Promise<() => Promise<void>>;

  /** Releases locks and handles. Safe to call twice. */
  close?(): Promise<void>;
}

export interface StorageCallOptions {
  signal?: AbortSignal | undefined;
}

/** `children: true` adds every namespace that starts with `namespace.`; an empty namespace with children is everything. */
export interface Scope {
  kind: ResourceKind;
  namespace: string;
  children: boolean;
}

export interface StoredEntry {
  key: ResourceKey;
  /** Git blob id of the content. */
  oid: string;
  revision: number;
  /** Bytes. */
  size: number;
}

export interface StoredContent extends StoredEntry {
  content: Uint8Array;
}

/** One step of a resource's history; `oid` and `size` are null when it was deleted. */
export interface StoredRevision {
  revision: number;
  oid: string | null;
  size: number | null;
  madeAt: Date;
}

export interface Batch {
  changes: readonly StorageChange[];
}

/** `expectedOid` is the blob id that must be there now; `null` means the resource must be absent. */
export type StorageChange =
  | ({ action: 'put'; key: ResourceKey; content: Uint8Array; expectedOid: string | null } & ContentPromises)
  | { action: 'delete'; key: ResourceKey; expectedOid: string };

/** What a writer may promise of a content. An adapter may take it at its word, and save itself the work. */
export interface ContentPromises {
  /** The content's own blob id. It need not be computed once more. */
  oid?: string;
  /** Nobody changes these bytes any more. They need not be copied. */
  frozen?: boolean;
}

/** What became of a change: the revision after it (for a deletion, the one the deletion made). */
export interface AppliedChange {
  key: ResourceKey;
  revision: number;
  oid: string | null;
}

export interface ValidationItem {
  key: ResourceKey;
  content: Uint8Array;
}

export interface ValidationProblem {
  message: string;
  /** 1-based, when known. */
  line?: number;
  column?: number;
}

/** Whether a namespace lies in a scope: by whole dotted parts, so `company.team` never reaches `company.team2`. */
export function inScope(scope: Scope, key: ResourceKey): boolean {
  if (key.kind !== scope.kind) return false;
  if (key.namespace === scope.namespace) return true;
  return scope.children && (scope.namespace === '' || key.namespace.startsWith(`${scope.namespace}.`));
}

/** One string per key, for maps and messages: `flow company.team/hello`. */
export function formatKey(key: ResourceKey): string {
  return `${key.kind} ${key.namespace === '' ? '' : `${key.namespace}/`}${key.id}`;
}
