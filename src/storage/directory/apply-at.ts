import { KeyMap } from '../../resources/key-map.js';
import { conflictError } from '../batch.js';
import {
  type AppliedChange,
  type Batch,
  inScope,
  type Scope,
  type StorageCallOptions,
  type StoredEntry,
} from '../types.js';
import { type AppliedBatch, applyToDirectory } from './apply.js';
import type { Disk } from './disk.js';
import type { Ledger } from './ledger.js';
import { compareEntries, lookAtScope, tokenOf } from './scan.js';

/**
 * Applies a checked batch if the scope is at a version, and tells the version that it leads to without looking again:
 * what someone edits by hand meanwhile makes the next look find another one. Only under the lock.
 * @throws StorageConflictError
 */
export async function applyAtVersion(
  disk: Disk,
  ledger: Ledger,
  batch: Batch,
  at: { scope: Scope; version: string },
  options: StorageCallOptions | undefined,
): Promise<{ applied: AppliedChange[]; version: string }> {
  const { result, news } = await lookAtScope(disk, ledger.current(), at.scope, options);
  for (const { key, observation } of news) ledger.current().set(key, observation.row);
  if (tokenOf(result) !== at.version) {
    if (news.length > 0) ledger.save();
    throw conflictError(disk.location, []);
  }
  const done = await applyToDirectory(disk, ledger, batch);
  return { applied: done.applied, version: tokenOf(entriesAfter(result, done, at.scope)) };
}

/** `before` is sorted, and stays what it is; only what the batch changes is looked up. */
function entriesAfter(
  before: readonly StoredEntry[],
  { applied, filled }: AppliedBatch,
  scope: Scope,
): StoredEntry[] {
  const after = new KeyMap<StoredEntry | null>();
  for (const key of filled) after.set(key, null);
  for (const { key, oid, revision } of applied) {
    if (inScope(scope, key)) after.set(key, oid === null ? null : { key, oid, revision, size: 0 });
  }
  const kept = before.filter(({ key }) => !after.has(key));
  const made = [...after.values()].filter((entry) => entry !== null);
  return made.length === 0 ? kept : [...kept, ...made].sort(compareEntries);
}
