import { createHash } from 'node:crypto';
import type { ResourceKey } from '../../schemas/resources.js';
import type { FileChange, Revision, Signature } from '../git/types.js';
import { formatKey, type Scope, type StorageChange, type StoredEntry } from '../storage/types.js';
import type { SyncedCommit } from './commit-table.js';
import type { SyncedResource, SyncIdentity } from './sync-state.js';

/**
 * What applying a plan takes, as plain data: what the plan was made on, and what it writes. It can be applied at once,
 * or be saved and applied later, when the basis still holds.
 */
export interface PreparedPlan {
  basis: PlanBasis;
  effect: PlanEffect;
}

/** Everything a plan was made on. Where all of it is the same, planning again would give the same plan. */
export interface PlanBasis {
  scope: Scope;
  /** Digest of the scope's listing, whether or not a resource takes part in the plan. */
  listing: string;
  /** State records that were read, with the blob ids they had; null for one that is not there. */
  records: { key: ResourceKey; oid: string | null }[];
  git: GitBasis;
}

/** The commit that was read, and how it was found. A push has a `tip`: what its branch points at, null when missing. */
export interface GitBasis {
  revision: Revision;
  commit: string | null;
  tip?: string | null;
}

export type PlanEffect = BatchEffect | CommitEffect;

/** A sync: one batch of the storage. */
export interface BatchEffect {
  kind: 'batch';
  changes: StorageChange[];
  state: StateAfter;
}

/** A push: one commit. */
export interface CommitEffect {
  kind: 'commit';
  changes: FileChange[];
  message: string;
  /** With the time at which the plan was made. */
  author: Signature;
  state: StateAfter;
}

/** What both sides have in common afterwards; it is recorded with the commit. */
export interface StateAfter {
  identity: SyncIdentity;
  resources: SyncedResource[];
  /** The commit that a sync read; a push's is made when it is applied. */
  origin?: SyncedCommit;
  /** Which commit a sync asked for. */
  reads?: Revision;
}

/** One text for a listing: two are equal when the same resources have the same contents. */
export function digestListing(entries: readonly StoredEntry[]): string {
  const lines = entries.map(({ key, oid }) => `${oid} ${formatKey(key)}\n`).sort();
  const hash = createHash('sha256');
  for (const line of lines) hash.update(line);
  return `sha256:${hash.digest('hex')}`;
}
