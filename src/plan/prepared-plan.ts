import { createHash } from 'node:crypto';
import type { ConnectionProperties } from '../../schemas/connection.js';
import type { ResourceKey } from '../../schemas/resources.js';
import type { FileChange, Revision, Signature } from '../git/types.js';
import { formatKey, type Scope, type StorageChange, type StoredEntry } from '../storage/types.js';
import type { SyncedCommit } from './commit-table.js';
import { type SyncedResource, type SyncIdentity, type SyncState, stateKey } from './sync-state.js';

/**
 * What applying a plan takes, as plain data: what the plan was made on, and what it writes. It can be applied at once,
 * or be saved and applied later, when the basis still holds.
 */
export interface PreparedPlan {
  basis: PlanBasis;
  effect: PlanEffect;
  connection: PreparedConnection;
  /** Whether the task by itself only plans. */
  dryRun: boolean;
}

/** Signs the commit of a push. */
export interface SigningProperties {
  signingKey?: string | undefined;
  signingKeyPassphrase?: string | undefined;
}

/** How the repository was reached. What is rendered may be secret, and is for comparing alone. */
export interface PreparedConnection {
  rendered: ConnectionProperties & SigningProperties;
  written: Readonly<Record<string, unknown>>;
}

/** Everything a plan was made on. Where all of it is the same, planning again would give the same plan. */
export interface PlanBasis {
  scope: Scope & { kind: SyncIdentity['kind'] };
  /** Digest of the scope's listing, whether or not a resource takes part in the plan. */
  listing: string;
  /** State records that were read, the run's own first, with the blob ids they had; null for one that is not there. */
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
  changes: readonly FileChange[];
  message: string;
  /** With the time at which the plan was made. */
  author: Signature;
  state: StateAfter;
}

/** What both sides have in common afterwards; it is recorded with the commit. */
export interface StateAfter {
  identity: SyncIdentity;
  resources: readonly SyncedResource[];
  /** The commit that a sync read; a push's is made when it is applied. */
  origin?: SyncedCommit | undefined;
  /** Which commit a sync asked for. */
  reads?: Revision | undefined;
}

/** One text for a listing: two are equal when the same resources have the same contents. */
export function digestListing(entries: readonly StoredEntry[]): string {
  const lines = entries.map(({ key, oid }) => `${oid} ${formatKey(key)}\n`).sort();
  const hash = createHash('sha256');
  for (const line of lines) hash.update(line);
  return `sha256:${hash.digest('hex')}`;
}

/** States that were read, the run's own first, as a basis names them. */
export function recordsOf(states: readonly SyncState[]): PlanBasis['records'] {
  return states.map(({ id, storedOid }) => ({ key: stateKey(id), oid: storedOid }));
}
