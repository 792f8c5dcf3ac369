import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { ResourceKey } from '../../../schemas/resources.js';
import { KeySet } from '../../resources/key-map.js';
import { throwIfCancelled } from '../batch.js';
import { checkKey } from '../keys.js';
import {
  inScope,
  type Scope,
  type StorageCallOptions,
  type StoredContent,
  type StoredEntry,
} from '../types.js';
import { type Disk, readRegular } from './disk.js';
import { locate } from './locate.js';
import { type Observation, observeAbsent, observeContent, observeFound } from './observe.js';
import { Parents } from './parents.js';
import type { Revisions } from './revisions.js';
import { walkScope } from './walk.js';

/** What a look at the disk found out, and what of it the revisions do not know yet. */
export interface Look<T> {
  result: T;
  news: { key: ResourceKey; observation: Observation }[];
}

const sliceSize = 1024;

/** Lists a scope. Only what differs from its row is read. */
export async function lookAtScope(
  disk: Disk,
  revisions: Revisions,
  scope: Scope,
  options: StorageCallOptions | undefined,
): Promise<Look<StoredEntry[]>> {
  const look: Look<StoredEntry[]> = { result: [], news: [] };
  let seen = 0;
  let known = 0;
  for (const found of walkScope(disk, scope)) {
    seen += 1;
    if (seen % sliceSize === 0) await breathe(disk, options);
    const { key } = found;
    const row = revisions.get(key);
    const observation = observeFound(disk, found, row);
    if (observation === null) continue;
    if (row !== undefined && row.oid !== null) known += 1;
    const { oid, revision, size } = observation;
    look.result.push({ key, oid, revision, size });
    if (observation.outcome !== 'clean') look.news.push({ key, observation });
  }
  look.news.push(...findGone(revisions, scope, look.result, known));
  look.result.sort(compareEntries);
  return look;
}

/** What the revisions have and the disk has no more; `known` of what was found has a row. */
function findGone(
  revisions: Revisions,
  scope: Scope,
  found: readonly StoredEntry[],
  known: number,
): Look<unknown>['news'] {
  const shelves = [...revisions.shelvesOf(scope.kind)].filter(([namespace]) =>
    inScope(scope, { kind: scope.kind, namespace, id: '' }),
  );
  let recorded = 0;
  for (const [, rows] of shelves) for (const { oid } of rows.values()) if (oid !== null) recorded += 1;
  if (recorded === known) return [];
  const present = new KeySet();
  for (const { key } of found) present.add(key);
  const news: Look<unknown>['news'] = [];
  for (const [namespace, rows] of shelves) {
    for (const [id, row] of rows) {
      const key = { kind: scope.kind, namespace, id };
      const observation = row.oid === null || present.has(key) ? undefined : observeAbsent(row);
      if (observation !== undefined) news.push({ key, observation });
    }
  }
  return news;
}

/** Reads the contents of keys, in their order. */
export async function lookAtContents(
  disk: Disk,
  revisions: Revisions,
  keys: readonly ResourceKey[],
  options: StorageCallOptions | undefined,
): Promise<Look<(StoredContent | null)[]>> {
  const look: Look<(StoredContent | null)[]> = { result: [], news: [] };
  const parents = new Parents(disk);
  for (const [at, key] of keys.entries()) {
    if (at % sliceSize === sliceSize - 1) await breathe(disk, options);
    checkKey(key);
    look.result.push(lookAtContent(disk, revisions, key, parents, look.news));
  }
  return look;
}

/** A short text that is the same as long as a listing is. */
export function tokenOf(entries: readonly StoredEntry[]): string {
  const hash = createHash('sha1');
  for (let start = 0; start < entries.length; start += sliceSize) {
    const lines = entries
      .slice(start, start + sliceSize)
      .map(({ key, oid, revision }) => `${key.namespace}\0${key.id}\0${oid}\0${revision}\0`);
    hash.update(lines.join(''));
  }
  return hash.digest('hex');
}

/** The order of a listing. */
export function compareEntries(a: StoredEntry, b: StoredEntry): number {
  return compareText(a.key.namespace, b.key.namespace) || compareText(a.key.id, b.key.id);
}

function lookAtContent(
  disk: Disk,
  revisions: Revisions,
  key: ResourceKey,
  parents: Parents,
  news: Look<unknown>['news'],
): StoredContent | null {
  const row = revisions.get(key);
  const { found } = locate(disk, key, parents);
  const clockMs = Date.now();
  const isDirectory = found !== null && found.stamp === null;
  const file = found === null || isDirectory ? null : readRegular(disk, found.path);
  const content = file?.content ?? new Uint8Array();
  const observation =
    found !== null && isDirectory
      ? observeFound(disk, found, row)
      : file === null
        ? null
        : observeContent(file, row, clockMs);
  const recorded = observation ?? observeAbsent(row);
  if (recorded?.outcome === 'changed') news.push({ key, observation: recorded });
  if (observation === null) return null;
  const { oid, revision, size } = observation;
  return { key, oid, revision, size, content };
}

async function breathe(disk: Disk, options: StorageCallOptions | undefined): Promise<void> {
  await setImmediate();
  throwIfCancelled(options, disk.location);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
