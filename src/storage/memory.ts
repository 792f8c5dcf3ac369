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
import { DirectoryCounts } from './directory-counts.js';
import { judgeAdded } from './file-tree.js';
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
  /** Of files: those that hold something. */
  directories: DirectoryCounts;
  /** The listing, until the next change. */
  listing: StoredEntry[] | null;
  /** Grows with every change; never shrinks, so that sums of it are tokens. */
  changes: number;
}

/** How much memory copies share at most. */
const sharedBytes = 64 * 1024;

/** Storage in this process's memory, for tests and for runs whose storage is to be thrown away. */
export function createMemoryStorage(): StorageAdapter {
  const location = 'memory:';
  const instance = randomUUID();
  const shelves = new Map<string, Shelf>();

  let latest: Shelf | undefined;
  const shelfOf = (key: ResourceKey): Shelf | undefined => {
    // Keys come in runs of one namespace.
    if (latest?.namespace !== key.namespace || latest.kind !== key.kind) {
      latest = shelves.get(`${key.kind} ${key.namespace}`);
    }
    return latest;
  };
  const openShelf = (key: ResourceKey): Shelf => {
    const { kind, namespace } = key;
    const directories = new DirectoryCounts();
    const shelf = shelfOf(key) ?? {
      kind,
      namespace,
      held: new Map(),
      directories,
      listing: null,
      changes: 0,
    };
    if (latest === undefined) shelves.set(`${kind} ${namespace}`, shelf);
    latest = shelf;
    return shelf;
  };
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
    const undo: Former[] = [];
    try {
      const filled = plantFiles(effective, openShelf, location);
      for (const key of filled) {
        hold(
          openShelf(key),
          key.id,
          { oid: null, revision: (heldAt(key)?.revision ?? 0) + 1, content: null },
          undo,
        );
      }
      const copyOf = copying(effective);
      for (const { change, after } of effective) {
        const content = change.action === 'put' ? copyOf(change.content) : null;
        const { oid, revision } = after;
        hold(openShelf(change.key), change.key.id, { oid, revision, content }, undo);
      }
    } catch (error) {
      // Memory that runs out in the middle of a batch leaves none of it.
      restore(undo);
      for (const shelf of new Set(effective.map(({ change }) => shelfOf(change.key)))) recount(shelf);
      throw error;
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
        return contentOf(key, held.oid, held.revision, held.content);
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

/** What an id held before a batch. */
interface Former {
  shelf: Shelf;
  id: string;
  before: Held | undefined;
}

function hold(shelf: Shelf, id: string, after: Held, undo: Former[]): void {
  undo.push({ shelf, id, before: shelf.held.get(id) });
  shelf.held.set(id, after);
  shelf.listing = null;
  shelf.changes += 1;
}

function restore(undo: readonly Former[]): void {
  for (const { shelf, id, before } of undo.toReversed()) {
    if (before === undefined) shelf.held.delete(id);
    else shelf.held.set(id, before);
    shelf.listing = null;
  }
}

function recount(shelf: Shelf | undefined): void {
  if (shelf?.kind !== 'file') return;
  shelf.directories = new DirectoryCounts();
  for (const [id, { oid }] of shelf.held) if (oid !== null) shelf.directories.add(id);
}

/** The bytes are never changed, only replaced: they can be copied when somebody looks at them. */
function contentOf(key: ResourceKey, oid: string, revision: number, held: Uint8Array): StoredContent {
  let copy: Uint8Array | null = null;
  return {
    key: { ...key },
    oid,
    revision,
    size: held.byteLength,
    get content() {
      copy ??= new Uint8Array(held);
      return copy;
    },
  };
}

/** Small copies of one batch share memory; not so much that one that outlives the others would keep a lot of it. */
function copying(effective: readonly EffectiveChange[]): (content: Uint8Array) => Uint8Array {
  let left = 0;
  for (const { change } of effective) {
    if (change.action === 'put' && change.content.byteLength <= sharedBytes / 4)
      left += change.content.byteLength;
  }
  let shared = new Uint8Array(0);
  let used = 0;
  return (content) => {
    const size = content.byteLength;
    if (size > sharedBytes / 4) return new Uint8Array(content);
    if (used + size > shared.byteLength) {
      shared = new Uint8Array(Math.min(left, sharedBytes));
      used = 0;
    }
    const copy = shared.subarray(used, used + size);
    copy.set(content);
    used += size;
    left -= size;
    return copy;
  };
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

/**
 * Counts the batch's files into their directories, and returns the `dir/` entries that they end. Throws when they could
 * not lie in one tree; nothing is changed then.
 */
function plantFiles(
  effective: readonly EffectiveChange[],
  openShelf: (key: ResourceKey) => Shelf,
  location: string,
): ResourceKey[] {
  const filled: ResourceKey[] = [];
  const clashes: ResourceKey[] = [];
  const planted = [...filesByShelf(effective, openShelf)];
  for (const [shelf, { added, deleted }] of planted) {
    const { kind, namespace, held, directories } = shelf;
    for (const id of deleted) directories.remove(id);
    for (const id of added) directories.add(id);
    const has = (id: string) => added.has(id) || ((held.get(id)?.oid ?? null) !== null && !deleted.has(id));
    const verdict = judgeAdded({ has, hasDirectory: (path) => directories.has(path) }, added);
    filled.push(...verdict.filled.map((id) => ({ kind, namespace, id })));
    clashes.push(...verdict.clashes.map((id) => ({ kind, namespace, id })));
  }
  if (clashes.length > 0) {
    for (const [{ directories }, { added, deleted }] of planted) {
      for (const id of added) directories.remove(id);
      for (const id of deleted) directories.add(id);
    }
    throw conflictError(location, clashes);
  }
  for (const key of filled) openShelf(key).directories.remove(key.id);
  return filled;
}

/** Files that come to be and that go, by namespace. */
function filesByShelf(effective: readonly EffectiveChange[], openShelf: (key: ResourceKey) => Shelf) {
  const files = new Map<Shelf, { added: Set<string>; deleted: Set<string> }>();
  for (const { change, before } of effective) {
    const { key, action } = change;
    if (key.kind !== 'file') continue;
    const shelf = openShelf(key);
    let changed = files.get(shelf);
    if (changed === undefined) {
      changed = { added: new Set(), deleted: new Set() };
      files.set(shelf, changed);
    }
    if (action === 'delete') changed.deleted.add(key.id);
    else if ((before?.oid ?? null) === null) changed.added.add(key.id);
  }
  return files;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
