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

/** Resource keys, each once. */
export class KeySet {
  readonly #places = new Places(() => new Set<string>());

  has(key: ResourceKey): boolean {
    return this.#places.at(key).has(key.id);
  }

  /** Whether the key was not there yet. */
  add(key: ResourceKey): boolean {
    const ids = this.#places.at(key);
    const { size } = ids;
    return ids.add(key.id).size > size;
  }
}
