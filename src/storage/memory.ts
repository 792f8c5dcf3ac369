import { randomUUID } from 'node:crypto';
import type { ResourceKey, ResourceKind } from '../../schemas/resources.js';
import {
  checkBatch,
  conflictError,
  type EffectiveChange,
  type Known,
  resolveBatch,
  throwIfCancelled,
} from './batch.js';
import { judgeTree } from './file-tree.js';
import { checkKey, checkScope } from './keys.js';
import {
  type AppliedChange,
  type Batch,
  inScope,
  type Scope,
  type StorageAdapter,
  type StoredContent,
  type StoredEntry,
} from './types.js';

/** A resource that is there (`content` set) or was deleted (`oid` and `content` null). */
interface Held extends Known {
  content: Uint8Array | null;
}

/** One namespace of one kind. */
interface Shelf {
  kind: ResourceKind;
  namespace: string;
  held: Map<string, Held>;
  /** The listing, until the next change. */
  listing: StoredEntry[] | null;
  /** Grows with every change; never shrinks, so that sums of it are tokens. */
  changes: number;
}

/** Storage in this process's memory, for tests and for runs whose storage is to be thrown away. */
export function createMemoryStorage(): StorageAdapter {
  const location = 'memory:';
  const instance = randomUUID();
  const shelves = new Map<string, Shelf>();

  const shelfOf = (key: ResourceKey): Shelf | undefined => shelves.get(`${key.kind} ${key.namespace}`);
  const heldAt = (key: ResourceKey): Held | undefined => shelfOf(key)?.held.get(key.id);
  const shelvesIn = (scope: Scope): Shelf[] =>
    [...shelves.values()]
      .filter((shelf) => inScope(scope, { kind: shelf.kind, namespace: shelf.namespace, id: '' }))
      .sort((a, b) => compareText(a.namespace, b.namespace));

  // Not asynchronous, so that no other call comes between what one call does with them.
  const versionOf = (scope: Scope): string => {
    const changes = shelvesIn(scope).reduce((sum, shelf) => sum + shelf.changes, 0);
    return `${instance}:${changes}`;
  };
  const applyNow = (batch: Batch): AppliedChange[] => {
    checkBatch(batch);
    const { applied, effective } = resolveBatch(batch, location, heldAt);
    const filled = filledDirectories(effective, shelfOf, location);
    for (const key of filled) hold(shelves, key, null, (heldAt(key)?.revision ?? 0) + 1, null);
    for (const { change, after } of effective) {
      const content = change.action === 'put' ? Buffer.from(change.content) : null;
      hold(shelves, change.key, after.oid, after.revision, content);
    }
    return applied;
  };

  return {
    location,

    async list(scope, options) {
      throwIfCancelled(options, location);
      checkScope(scope);
      return shelvesIn(scope).flatMap((shelf) => {
        shelf.listing ??= listShelf(shelf);
        return shelf.listing.map((entry) => ({ ...entry, key: { ...entry.key } }));
      });
    },

    async read(keys, options) {
      throwIfCancelled(options, location);
      return keys.map((key): StoredContent | null => {
        checkKey(key);
        const held = heldAt(key);
        if (held === undefined || held.oid === null || held.content === null) return null;
        const content = new Uint8Array(held.content);
        return { key: { ...key }, oid: held.oid, revision: held.revision, size: content.byteLength, content };
      });
    },

    async apply(batch, options) {
      throwIfCancelled(options, location);
      return applyNow(batch);
    },

    async version(scope, options) {
      throwIfCancelled(options, location);
      checkScope(scope);
      return versionOf(scope);
    },

    async applyAt(batch, at, options) {
      throwIfCancelled(options, location);
      checkScope(at.scope);
      if (versionOf(at.scope) !== at.version) throw conflictError(location, []);
      return { applied: applyNow(batch), version: versionOf(at.scope) };
    },
  };
}

function hold(
  shelves: Map<string, Shelf>,
  key: ResourceKey,
  oid: string | null,
  revision: number,
  content: Uint8Array | null,
): void {
  const name = `${key.kind} ${key.namespace}`;
  let shelf = shelves.get(name);
  if (shelf === undefined) {
    shelf = { kind: key.kind, namespace: key.namespace, held: new Map(), listing: null, changes: 0 };
    shelves.set(name, shelf);
  }
  shelf.held.set(key.id, { oid, revision, content });
  shelf.listing = null;
  shelf.changes += 1;
}

function listShelf(shelf: Shelf): StoredEntry[] {
  const entries: StoredEntry[] = [];
  for (const [id, { oid, revision, content }] of shelf.held) {
    if (oid === null || content === null) continue;
    const key = { kind: shelf.kind, namespace: shelf.namespace, id };
    entries.push({ key, oid, revision, size: content.byteLength });
  }
  return entries.sort((a, b) => compareText(a.key.id, b.key.id));
}

/** The `dir/` entries that the batch's files end. Throws when the files could not lie in one tree. */
function filledDirectories(
  effective: readonly EffectiveChange[],
  shelfOf: (key: ResourceKey) => Shelf | undefined,
  location: string,
): ResourceKey[] {
  const filled: ResourceKey[] = [];
  const clashes: ResourceKey[] = [];
  const byNamespace = new Map<string, EffectiveChange[]>();
  for (const file of effective.filter(({ change }) => change.key.kind === 'file')) {
    const { namespace } = file.change.key;
    const files = byNamespace.get(namespace);
    if (files === undefined) byNamespace.set(namespace, [file]);
    else files.push(file);
  }
  for (const [namespace, files] of byNamespace) {
    const key = (id: string): ResourceKey => ({ kind: 'file', namespace, id });
    const ids = new Map<string, true>();
    for (const [id, { oid }] of shelfOf(key('-'))?.held ?? []) if (oid !== null) ids.set(id, true);
    const added = new Set<string>();
    for (const { change, before } of files) {
      if (change.action === 'delete') ids.delete(change.key.id);
      else {
        ids.set(change.key.id, true);
        if ((before?.oid ?? null) === null) added.add(change.key.id);
      }
    }
    const verdict = judgeTree(ids, added);
    filled.push(...verdict.filled.map(key));
    clashes.push(...verdict.clashes.map(key));
  }
  if (clashes.length > 0) throw conflictError(location, clashes);
  return filled;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
