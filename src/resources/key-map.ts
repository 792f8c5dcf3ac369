import type { ResourceKey } from '../../schemas/resources.js';

/** Something for each namespace of each kind. Keys come in runs of one: finding it mostly makes no text of its own. */
class Places<T extends object> {
  readonly #all = new Map<string, T>();
  readonly #make: () => T;
  #kind: string | null = null;
  #namespace = '';
  #latest: T;

  constructor(make: () => T) {
    this.#make = make;
    this.#latest = make();
  }

  at({ kind, namespace }: ResourceKey): T {
    if (kind === this.#kind && namespace === this.#namespace) return this.#latest;
    const name = `${kind} ${namespace}`;
    let place = this.#all.get(name);
    if (place === undefined) {
      place = this.#make();
      this.#all.set(name, place);
    }
    this.#kind = kind;
    this.#namespace = namespace;
    this.#latest = place;
    return place;
  }

  all(): Iterable<T> {
    return this.#all.values();
  }
}

/** Values by resource key. */
export class KeyMap<V> {
  readonly #places = new Places(() => new Map<string, V>());

  constructor(entries: Iterable<readonly [ResourceKey, V]> = []) {
    for (const [key, value] of entries) this.set(key, value);
  }

  get(key: ResourceKey): V | undefined {
    return this.#places.at(key).get(key.id);
  }

  has(key: ResourceKey): boolean {
    return this.#places.at(key).has(key.id);
  }

  set(key: ResourceKey, value: V): void {
    this.#places.at(key).set(key.id, value);
  }

  delete(key: ResourceKey): void {
    this.#places.at(key).delete(key.id);
  }

  *values(): Generator<V, void, undefined> {
    for (const values of this.#places.all()) yield* values.values();
  }
}

/**
 * Items to be found by their keys, which differ. Two sides of a comparison mostly list the same resources in the same
 * order: as long as items are asked for in theirs, no index is made.
 */
export class KeyedList<T extends { key: ResourceKey }> {
  readonly #items: readonly T[];
  #next = 0;
  #index: KeyMap<number> | null = null;

  constructor(items: readonly T[]) {
    this.#items = items;
  }

  /** The item's place in the list; -1 when there is none with the key. */
  indexOf(key: ResourceKey): number {
    const next = this.#items[this.#next];
    const place = next !== undefined && isSame(next.key, key) ? this.#next : this.#lookUp(key);
    if (place !== -1) this.#next = place + 1;
    return place;
  }

  get(key: ResourceKey): T | undefined {
    return this.#items[this.indexOf(key)];
  }

  #lookUp(key: ResourceKey): number {
    if (this.#items.length === 0) return -1;
    this.#index ??= new KeyMap(this.#items.map((item, place) => [item.key, place] as const));
    return this.#index.get(key) ?? -1;
  }
}

/** Resource keys, each once. */
export class KeySet {
  readonly #places = new Places(() => new IdSet());

  has(key: ResourceKey): boolean {
    return this.#places.at(key).has(key.id);
  }

  /** Whether the key was not there yet. */
  add(key: ResourceKey): boolean {
    return this.#places.at(key).add(key.id);
  }
}

/** Ids of one namespace. While they come sorted, as listings are, none has to be looked up to be new. */
class IdSet {
  #sorted: string[] = [];
  #last: string | null = null;
  #ids: Set<string> | null = null;

  has(id: string): boolean {
    return this.#hashed().has(id);
  }

  add(id: string): boolean {
    if (this.#ids === null && (this.#last === null || this.#last < id)) {
      this.#sorted.push(id);
      this.#last = id;
      return true;
    }
    const ids = this.#hashed();
    const { size } = ids;
    return ids.add(id).size > size;
  }

  #hashed(): Set<string> {
    this.#ids ??= new Set(this.#sorted);
    this.#sorted = [];
    return this.#ids;
  }
}

function isSame(a: ResourceKey, b: ResourceKey): boolean {
  return a.id === b.id && a.namespace === b.namespace && a.kind === b.kind;
}
