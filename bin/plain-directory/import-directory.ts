import type { ChangeState } from '../../schemas/plan.js';
import { EmptySourceError } from '../../src/errors.js';
import { applyOrUndo } from '../../src/storage/apply-or-undo.js';
import {
  formatKey,
  type StorageAdapter,
  type StorageChange,
  type StoredEntry,
} from '../../src/storage/types.js';
import { type Carried, decodeFiles } from './decode.js';
import { carriedKinds, pathOf } from './layout.js';
import { readPlainDirectory } from './read.js';
import { summarizeTransfer, type Transfer, type TransferRow } from './transfer.js';

export interface ImportOptions {
  directory: string;
  /** Remove from the storage what the directory does not have. */
  delete: boolean;
  dryRun: boolean;
}

/** Brings the storage to what a plain directory holds, in one batch. Nothing is written when a flow is invalid. */
export async function importDirectory(storage: StorageAdapter, options: ImportOptions): Promise<Transfer> {
  const wanted = await decodeFiles(await readPlainDirectory(options.directory), storage);
  const rows: TransferRow[] = [];
  const batch: StorageChange[] = [];
  for (const kind of carriedKinds) {
    const stored = await storage.list({ kind, namespace: '', children: true });
    const known = new Map(stored.map((entry) => [formatKey(entry.key), entry]));
    const mine = wanted.filter(({ key }) => key.kind === kind);
    for (const resource of mine) {
      const before = known.get(formatKey(resource.key)) ?? null;
      const state = stateOf(resource, before);
      rows.push({ state, path: resource.path, key: resource.key });
      if (state !== 'UNCHANGED') {
        const { key, content } = resource;
        batch.push({ action: 'put', key, content, expectedOid: before?.oid ?? null });
      }
    }
    if (!options.delete) continue;
    const kept = new Set(mine.map(({ key }) => formatKey(key)));
    for (const { key, oid } of stored.filter((entry) => !kept.has(formatKey(entry.key)))) {
      rows.push({ state: 'DELETED', path: pathOf(kind, key), key });
      batch.push({ action: 'delete', key, expectedOid: oid });
    }
  }
  if (wanted.length === 0 && batch.length > 0) {
    throw new EmptySourceError(`${options.directory} holds nothing; --delete would empty the storage.`, {
      hint: 'Check the directory: flows/, files/ and dashboards/ are looked for right below it.',
    });
  }
  if (!options.dryRun && batch.length > 0) await applyOrUndo(storage, { changes: batch });
  return { rows, summary: summarizeTransfer(rows) };
}

function stateOf(wanted: Carried, stored: StoredEntry | null): ChangeState {
  if (stored === null) return 'ADDED';
  return stored.oid === wanted.oid ? 'UNCHANGED' : 'UPDATED';
}
