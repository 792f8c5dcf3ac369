import { randomUUID } from 'node:crypto';
import type { ResourceKey } from '../../schemas/resources.js';
import { checkBatch, conflictError, resolveBatch, throwIfCancelled } from './batch.js';
import { checkKey, checkScope } from './keys.js';
import { keeping } from './memory/copy-contents.js';
import { settleFileTree } from './memory/settle-file-tree.js';
import {
  compareText,
  type Held,
  hold,
  listShelf,
  openShelf,
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

  // Keys come in runs of one namespace.
  let latest: Shelf | undefined;
  let asked: Pick<ResourceKey, 'kind' | 'namespace'> | null = null;
  const shelfOf = (key: ResourceKey): Shelf | undefined => {
    if (asked?.namespace !== key.namespace || asked.kind !== key.kind) {
      asked = { kind: key.kind, namespace: key.namespace };
      latest = shelves.get(`${key.kind} ${key.namespace}`);
    }
    return latest;
  };
  const shelfFor = (key: ResourceKey): Shelf => {
    const present = shelfOf(key);
    if (present !== undefined) return present;
    const shelf = openShelf(key);
    shelves.set(`${key.kind} ${key.namespace}`, shelf);
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
    let filled: typeof effective = [];
    try {
      const keep = keeping(effective);
      for (const step of effective) hold(shelfFor(step.change.key), step, keep);
      filled = settleFileTree(shelves.values(), location);
      for (const step of filled) hold(shelfFor(step.change.key), step, keep);
    } catch (error) {
      // Of files that cannot lie in one tree, or when memory runs out in the middle, nothing is left.
      const steps = [...filled, ...effective];
      for (const step of steps) restore(shelfOf(step.change.key), step);
      for (const shelf of new Set(steps.map(({ change }) => shelfOf(change.key)))) recount(shelf);
      throw error;
    }
    return applied;
  };

  return {
    location,

    async list(scope, options) {
      throwIfCancelled(options, location);
      checkScope(scope);
      return shelvesIn(scope).flatMap(listShelf);
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
