import { randomUUID } from 'node:crypto';
import type { ResourceKey } from '../../schemas/resources.js';
import { checkBatch, conflictError, resolveBatch, throwIfCancelled } from './batch.js';
import { DirectoryCounts } from './directory-counts.js';
import { checkKey, checkScope } from './keys.js';
import { keeping } from './memory/copy-contents.js';
import { plantFiles } from './memory/plant-files.js';
import {
  compareText,
  type Former,
  type Held,
  hold,
  listShelf,
  recount,
  restore,
  type Shelf,
} from './memory/shelf.js';
import {
  type AppliedChange,
  type Batch,
  inScope,
  type Scope,
  type StorageAdapter,
  type StoredContent,
} from './types.js';

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
    let changes = 0;
    for (const { kind, namespace, changes: ofShelf } of shelves.values())
      if (inScope(scope, { kind, namespace, id: '' })) changes += ofShelf;
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
      const keep = keeping(effective);
      for (const { change, after } of effective) {
        const content = change.action === 'put' ? keep(change) : null;
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
