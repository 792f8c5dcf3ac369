import { conflictError } from '../batch.js';
import {
  type AppliedChange,
  type Batch,
  formatKey,
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

function entriesAfter(
  before: readonly StoredEntry[],
  { applied, filled }: AppliedBatch,
  scope: Scope,
): StoredEntry[] {
  const entries = new Map(before.map((entry) => [formatKey(entry.key), entry]));
  for (const key of filled) entries.delete(formatKey(key));
  for (const { key, oid, revision } of applied) {
    if (!inScope(scope, key)) continue;
    if (oid === null) entries.delete(formatKey(key));
    else entries.set(formatKey(key), { key, oid, revision, size: 0 });
  }
  return [...entries.values()].sort(compareEntries);
}
