import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { ResourceKind } from '../../schemas/resources.js';
import { formatKey, openDirectoryStorage, type StorageAdapter } from '../../src/storage/index.js';
import { expectedAfter, roundOf } from './fixtures/rounds.js';
import { unflushedFs } from './fixtures/unflushed-fs.js';

const kinds: ResourceKind[] = ['flow', 'file', 'state'];

/**
 * Expects a directory to be exactly one round: listing, revisions, contents, and the files themselves, with nothing
 * beside them. Returns which.
 */
export async function expectWholeRound(directory: string): Promise<number> {
  const storage = await openDirectoryStorage(directory, { fs: unflushedFs });
  const round = await expectRoundIn(storage);
  const expected = expectedAfter(round);

  const files = new Map<string, string>();
  for (const { key, content } of expected.values()) {
    if (key.kind === 'flow') files.set(`flows/${key.namespace}/${key.id}.yml`, content);
    if (key.kind === 'file' && !key.id.endsWith('/')) files.set(`files/${key.namespace}/${key.id}`, content);
  }
  expect(filesBelow(directory)).toEqual(new Map([...files].sort()));
  await storage.close?.();
  return round;
}

/** Expects a storage to be exactly one round: listing, revisions and contents. Returns which. */
export async function expectRoundIn(storage: StorageAdapter): Promise<number> {
  const round = await roundOf(storage);
  const expected = expectedAfter(round);
  const listed = new Map<string, number>();
  for (const kind of kinds) {
    const entries = await storage.list({ kind, namespace: '', children: true });
    for (const { key, revision } of entries) listed.set(formatKey(key), revision);
  }
  const revisions = new Map([...expected].map(([name, { revision }]) => [name, revision]));
  expect(new Map([...listed].sort())).toEqual(new Map([...revisions].sort()));

  const stored = await storage.read([...expected.values()].map(({ key }) => key));
  const contents = [...expected.values()].map(({ content }) => content);
  expect(stored.map((entry) => entry && Buffer.from(entry.content).toString())).toEqual(contents);
  return round;
}

function filesBelow(directory: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const top of ['flows', 'files']) {
    const entries = readdirSync(join(directory, top), { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      files.set(path.slice(directory.length + 1), readFileSync(path, 'utf8'));
    }
  }
  return new Map([...files].sort());
}
