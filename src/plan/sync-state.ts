import { createHash } from 'node:crypto';
import type { ResourceKey } from '../../schemas/resources.js';
import type { SyncIdentity } from '../../schemas/sync-identity.js';
import type { AppliedChange } from '../storage/types.js';
import type { CommitTable } from './commit-table.js';
import type { PagedLines } from './pages/paged-lines.js';

export type { SyncIdentity };

/**
 * What flowgit remembers of a sync or push between runs: which commit it saw last, and for every resource the path and
 * the blob ids both sides had then. It is the base of three-way decisions, the list of what a sync owns, and the reason
 * an unchanged file is neither fetched nor read again. Storage keeps it as a `state` resource, with pages of its own
 * where there are many lines, written in the same batch as the resources.
 */
export interface OpenState {
  readonly id: string;
  readonly commit: string | null;
  /** The commits that brought what is there, by the number that resources name them with. */
  readonly commits: CommitTable;
  /** Blob id of the state's record, for the compare-and-swap; null when there is none yet. */
  readonly storedOid: string | null;
  /** The bytes of the record, to tell whether a new state differs. */
  readonly bytes: Uint8Array | null;
  /** A line per resource, by git path. */
  readonly lines: PagedLines;
}

/** A state with all its resources. */
export interface SyncState extends OpenState {
  /** By git path. */
  readonly byPath: ReadonlyMap<string, SyncedResource>;
  /** By `formatKey`. */
  readonly byKey: ReadonlyMap<string, SyncedResource>;
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

/** A stable, readable id: `sync-flow-company.team-1f3a…`. */
export function syncId(identity: SyncIdentity): string {
  const digest = createHash('sha256')
    .update(JSON.stringify(identityFields(identity)))
    .digest('hex')
    .slice(0, 12);
  return `${identity.direction.toLowerCase()}-${identity.kind}-${identity.namespace || 'all'}-${digest}`;
}

/** Where storage keeps the state of the sync with this id. */
export function stateKey(id: string): ResourceKey {
  return { kind: 'state', namespace: '', id };
}

/** The blob id of a state's record once a batch was applied. */
export function recordedOid(
  { id, storedOid }: Pick<OpenState, 'id' | 'storedOid'>,
  applied: readonly AppliedChange[],
): string | null {
  const record = stateKey(id);
  const written = applied.findLast(({ key }) => key.id === record.id && key.kind === 'state');
  return written === undefined ? storedOid : written.oid;
}

/** The fields of an identity in the order that records and ids have them. */
export function identityFields(identity: SyncIdentity): SyncIdentity {
  const { direction, kind, url, revision, directory, namespace, gitNamespace, children, rewrite } = identity;
  return { direction, kind, url, revision, directory, namespace, gitNamespace, children, rewrite };
}
