import type { ResourceKey } from '../../schemas/resources.js';
import { OwnedByAnotherSyncError } from '../errors.js';
import { formatKey, type StorageAdapter, type StorageChange } from '../storage/types.js';
import type { ComparedChange } from './compare.js';
import { removeLines } from './pages/settle-pages.js';
import { removeReceipt } from './receipt.js';
import { recordSyncState } from './record-sync-state.js';
import { listSyncRecords, overlaps, type SyncRecord } from './sync-records.js';
import { type SyncIdentity, stateKey, syncId } from './sync-state.js';

export interface OwnershipInput {
  identity: SyncIdentity;
  changes: readonly ComparedChange[];
  /** Whether this sync owns the resource already, by `formatKey`. */
  owns(name: string): boolean;
  adopt: boolean;
}

/** What taking resources over writes beside the plan. */
export interface Adoption {
  /** Records of other syncs without what this one takes, and without the receipts that spoke of it. */
  changes: StorageChange[];
  /** The records that were read for it. */
  records: { key: ResourceKey; oid: string | null }[];
  /** For the log: how many from which sync. */
  from: { sync: string; resources: number }[];
}

const none: Adoption = { changes: [], records: [], from: [] };

/**
 * Finds out whether what a sync would write, delete, or call its own for being equal already belongs to another sync.
 * Only resources that are new to this sync are looked up, so that its ordinary runs read nobody else's record.
 * @throws OwnedByAnotherSyncError unless they are adopted
 */
export async function settleOwnership(storage: StorageAdapter, input: OwnershipInput): Promise<Adoption> {
  const isClaimed = ({ key, note, state }: ComparedChange) =>
    note === null && state !== 'INVALID' && !input.owns(formatKey(key));
  if (!input.changes.some(isClaimed)) return none;
  const others = await otherSyncs(storage, input.identity);
  if (others.length === 0) return none;
  const claimed = new Map(input.changes.filter(isClaimed).map((change) => [formatKey(change.key), change]));
  const disputes = others.flatMap((record) => {
    const names = [...record.state.byKey.keys()].filter((name) => claimed.has(name));
    return names.length === 0 ? [] : [{ record, names: new Set(names) }];
  });
  if (disputes.length === 0) return none;
  if (!input.adopt) throw refusal(disputes, claimed);
  const adoption: Adoption = { changes: [], records: [], from: [] };
  for (const { record, names } of disputes) {
    adoption.changes.push(...(await release(storage, record, names)));
    adoption.records.push({ key: stateKey(record.state.id), oid: record.state.storedOid });
    adoption.from.push({ sync: record.state.id, resources: names.size });
  }
  return adoption;
}

interface Dispute {
  record: SyncRecord;
  names: ReadonlySet<string>;
}

/** The syncs that may own something in the scope of this one. */
function otherSyncs(storage: StorageAdapter, identity: SyncIdentity): Promise<SyncRecord[]> {
  const own = syncId(identity);
  return listSyncRecords(storage, {
    name: ({ id, direction, kind, namespace }) =>
      id !== own &&
      direction === 'SYNC' &&
      kind === identity.kind &&
      overlaps({ namespace, children: true }, identity),
    identity: (other) => overlaps(other, identity) && !isSamePlace(other, identity),
  });
}

/** With and without child namespaces the same files mean the same flows: there is nothing to argue about. */
function isSamePlace(a: SyncIdentity, b: SyncIdentity): boolean {
  return (
    a.url === b.url && a.revision === b.revision && a.directory === b.directory && a.namespace === b.namespace
  );
}

/** A sync without its resources is forgotten; what it did stays in its history. */
async function release(
  storage: StorageAdapter,
  { identity, state, reads }: SyncRecord,
  names: ReadonlySet<string>,
): Promise<StorageChange[]> {
  const kept = [...state.byKey].filter(([name]) => !names.has(name)).map(([, resource]) => resource);
  const record: StorageChange[] =
    kept.length === 0
      ? [
          ...removeLines(state.lines),
          { action: 'delete', key: stateKey(state.id), expectedOid: state.storedOid ?? '' },
        ]
      : await recordSyncState(state, identity, state.commit, kept, { reads });
  return [...record, ...(await removeReceipt(storage, state.id))];
}

const listed = 10;

function refusal(
  disputes: readonly Dispute[],
  claimed: ReadonlyMap<string, ComparedChange>,
): OwnedByAnotherSyncError {
  const owners = disputes.map(({ record, names }) => {
    const { url, revision, directory } = record.identity;
    const rest = names.size - listed;
    const some = `${[...names].slice(0, listed).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
    return `${some} (from "${directory || '.'}" of ${url}, branch ${revision}: ${record.state.id})`;
  });
  const names = disputes.flatMap((dispute) => [...dispute.names]);
  const deletes = names.some((name) => claimed.get(name)?.state === 'DELETED');
  return new OwnedByAnotherSyncError(
    `Another sync brought ${names.length === 1 ? 'a resource' : `${names.length} resources`} that this one would ${deletes ? 'write or delete' : 'write'}: ${owners.join('; ')}. Nothing was written.`,
    {
      hint: `If this sync takes its place, because its branch, directory or address changed for instance, set "adopt: true" for one run. Otherwise give the two different namespaces or directories${deletes ? ', or set "deleteScope: OWNED" to leave what others brought' : ''}.`,
      data: {
        resources: names,
        syncs: disputes.map(({ record }) => record.state.id),
      },
    },
  );
}
