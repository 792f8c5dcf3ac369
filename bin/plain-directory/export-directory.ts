import { lstat, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ChangeState } from '../../schemas/plan.js';
import { StorageError, UnsafePathError } from '../../src/errors.js';
import { blobId } from '../../src/resources/blob-id.js';
import { formatKey, type StorageAdapter, type StoredEntry } from '../../src/storage/types.js';
import { carriedKinds, pathOf } from './layout.js';
import { summarizeTransfer, type Transfer } from './transfer.js';

export interface ExportOptions {
  directory: string;
  dryRun: boolean;
}

interface Target {
  entry: StoredEntry;
  path: string;
  state: ChangeState;
}

/** Contents are read and written in groups of this many, so that memory stays small. */
const groupSize = 500;

/**
 * Writes what the storage holds into a plain directory. Files that are there beside it stay. Every target is looked at
 * before the first is written.
 * @throws UnsafePathError when a symbolic link stands in the way
 */
export async function exportDirectory(storage: StorageAdapter, options: ExportOptions): Promise<Transfer> {
  const { directory } = options;
  const checked = new Map<string, Promise<void>>();
  const targets: Target[] = [];
  for (const kind of carriedKinds) {
    for (const entry of await storage.list({ kind, namespace: '', children: true })) {
      const path = pathOf(kind, entry.key);
      targets.push({ entry, path, state: await stateOf(directory, path, entry, checked) });
    }
  }
  const changed = targets.filter(({ state }) => state !== 'UNCHANGED');
  if (!options.dryRun) {
    for (let start = 0; start < changed.length; start += groupSize) {
      await writeGroup(storage, directory, changed.slice(start, start + groupSize));
    }
  }
  const rows = targets.map(({ entry, path, state }) => ({ state, path, key: entry.key }));
  return { rows, summary: summarizeTransfer(rows) };
}

async function writeGroup(
  storage: StorageAdapter,
  directory: string,
  group: readonly Target[],
): Promise<void> {
  const contents = await storage.read(group.map(({ entry }) => entry.key));
  for (const [index, { entry, path }] of group.entries()) {
    const content = contents[index]?.content;
    if (content === undefined) {
      throw new StorageError(`${formatKey(entry.key)} went away during the export.`, {
        hint: 'Run it again.',
      });
    }
    const target = join(directory, path);
    await mkdir(path.endsWith('/') ? target : dirname(target), { recursive: true });
    if (!path.endsWith('/')) await writeFile(target, content);
  }
}

async function stateOf(
  directory: string,
  path: string,
  entry: StoredEntry,
  checked: Map<string, Promise<void>>,
): Promise<ChangeState> {
  const parts = path.split('/');
  for (let length = 1; length < parts.length; length++) {
    const parent = parts.slice(0, length).join('/');
    const check = checked.get(parent) ?? refuseLink(directory, parent);
    checked.set(parent, check);
    await check;
  }
  const info = await lstatOrNull(join(directory, path));
  if (info === null) return 'ADDED';
  if (path.endsWith('/')) return 'UNCHANGED';
  if (!info.isFile()) throw inTheWay(path);
  if (info.size !== entry.size) return 'UPDATED';
  return blobId(await readFile(join(directory, path))) === entry.oid ? 'UNCHANGED' : 'UPDATED';
}

async function refuseLink(directory: string, path: string): Promise<void> {
  const info = await lstatOrNull(join(directory, path));
  if (info !== null && !info.isDirectory()) throw inTheWay(path);
}

async function lstatOrNull(path: string) {
  try {
    return await lstat(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}

function inTheWay(path: string): UnsafePathError {
  return new UnsafePathError(`${path} is in the way: something else stands there, or a symbolic link.`, {
    hint: 'Export into an empty directory, or remove it.',
    data: { path },
  });
}
