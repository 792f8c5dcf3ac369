import type { ResourceKey } from '../../schemas/resources.js';
import { CancelledError, StorageConflictError, StorageError } from '../errors.js';
import { blobId } from '../resources/blob-id.js';
import { KeySet } from '../resources/key-map.js';
import { keyChecker } from './keys.js';
import {
  type AppliedChange,
  type Batch,
  formatKey,
  type StorageCallOptions,
  type StorageChange,
} from './types.js';

/** What storage knows of a key: its content's id (`null` when deleted) and the last revision. */
export interface Known {
  oid: string | null;
  revision: number;
}

/** A change that really changes something, with what it leads to. */
export interface EffectiveChange<K extends Known = Known> {
  change: StorageChange;
  before: K | undefined;
  after: Known;
}

/** A batch compared with what is there: nothing is written yet. */
export interface ResolvedBatch<K extends Known = Known> {
  /** One per change, in the batch's order. */
  applied: AppliedChange[];
  effective: EffectiveChange<K>[];
}

/**
 * Refuses a batch that no storage could apply: an unsafe key, a key named twice, a directory entry with content.
 * @throws UnsafePathError, StorageError
 */
export function checkBatch(batch: Batch): void {
  const check = keyChecker();
  const seen = new KeySet();
  for (const change of batch.changes) {
    const { key } = change;
    check(key);
    if (!seen.add(key)) throw new StorageError(`A batch names ${formatKey(key)} twice.`, { data: { key } });
    if (change.action === 'put' && isDirectoryEntry(key) && change.content.byteLength > 0) {
      throw new StorageError(`${formatKey(key)} is a directory's entry and cannot have content.`);
    }
  }
}

/**
 * Compares a checked batch with the present state, `known`.
 * @throws StorageConflictError naming every key whose expectation does not hold
 */
export function resolveBatch<K extends Known>(
  batch: Batch,
  location: string,
  known: (key: ResourceKey) => K | undefined,
): ResolvedBatch<K> {
  const conflicts: ResourceKey[] = [];
  const applied: AppliedChange[] = [];
  const effective: EffectiveChange<K>[] = [];
  for (const change of batch.changes) {
    const before = known(change.key);
    const presentOid = before?.oid ?? null;
    if (presentOid !== change.expectedOid) {
      conflicts.push(change.key);
      continue;
    }
    const oid = change.action === 'put' ? (change.oid ?? blobId(change.content)) : null;
    const revision = (before?.revision ?? 0) + (oid === presentOid ? 0 : 1);
    const after = { key: change.key, revision, oid };
    applied.push(after);
    if (oid !== presentOid) effective.push({ change, before, after });
  }
  if (conflicts.length > 0) throw conflictError(location, conflicts);
  return { applied, effective };
}

/** Storage is not as the batch expected it: `keys` differ, or something that is not told. */
export function conflictError(location: string, keys: readonly ResourceKey[]): StorageConflictError {
  const named = keys.slice(0, 5).map(formatKey).join(', ');
  const more = keys.length > 5 ? ` and ${keys.length - 5} more` : '';
  const which = keys.length === 0 ? '' : `: ${named}${more}`;
  return new StorageConflictError(`${location} changed since it was read${which}. Nothing was written.`, {
    hint: 'Run again: the plan is then made on what is there now.',
    data: { keys: [...keys] },
  });
}

/** @throws CancelledError when the call's signal is aborted. */
export function throwIfCancelled(options: StorageCallOptions | undefined, location: string): void {
  if (options?.signal?.aborted !== true) return;
  throw new CancelledError(`The call to ${location} was cancelled.`, { cause: options.signal.reason });
}

/** Whether a key is the entry that stands for an empty directory. */
export function isDirectoryEntry(key: ResourceKey): boolean {
  return key.kind === 'file' && key.id.endsWith('/');
}
