import { SyncNotFoundError } from '../errors.js';
import type { StorageAdapter } from '../storage/types.js';
import { parseRuns, type RunRecord } from './run-records.js';
import { listSyncRecords, recordedIdentity, type SyncRecord } from './sync-records.js';
import { type SyncIdentity, syncId } from './sync-state.js';

/** A sync or push that storage knows of: by its record, by its history, or by both. */
export interface KnownSync {
  id: string;
  identity: SyncIdentity;
  /** Null for one that never succeeded, and for one whose resources others took over. */
  record: SyncRecord | null;
  /** Oldest first. */
  runs: RunRecord[];
}

/** All of them, sorted by id. */
export async function listKnownSyncs(storage: StorageAdapter): Promise<KnownSync[]> {
  const found = new Map<string, KnownSync>();
  for (const record of await listSyncRecords(storage)) {
    const { identity, state } = record;
    found.set(state.id, { id: state.id, identity, record, runs: [] });
  }
  const entries = await storage.list({ kind: 'state', namespace: '', children: false });
  const histories = entries.filter(({ key }) => key.id.endsWith('.runs'));
  const contents = await storage.read(histories.map(({ key }) => key));
  for (const stored of contents) {
    if (stored === null) continue;
    const { sync, runs } = parseRuns(stored.content);
    const identity = recordedIdentity.safeParse(sync);
    if (!identity.success) continue;
    const id = syncId(identity.data);
    const known = found.get(id) ?? { id, identity: identity.data, record: null, runs: [] };
    found.set(id, { ...known, runs });
  }
  return [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/**
 * The syncs that an id, or the beginning of one, names.
 * @throws SyncNotFoundError
 */
export function selectSyncs(syncs: readonly KnownSync[], name: string | undefined): KnownSync[] {
  if (name === undefined) return [...syncs];
  const exact = syncs.filter(({ id }) => id === name);
  const selected = exact.length > 0 ? exact : syncs.filter(({ id }) => id.startsWith(name));
  if (selected.length > 0) return selected;
  const ids = syncs.slice(0, 10).map(({ id }) => id);
  throw new SyncNotFoundError(`The storage knows no sync ${JSON.stringify(name)}.`, {
    hint:
      ids.length === 0
        ? 'It knows none at all: no sync or push has run with it.'
        : `It knows ${ids.join(', ')}${syncs.length > ids.length ? ', …' : ''}. "flowgit status" shows them all.`,
    data: { known: syncs.map(({ id }) => id) },
  });
}
