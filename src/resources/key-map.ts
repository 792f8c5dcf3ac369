import type { ResourceKey } from '../../schemas/resources.js';

/**
 * Values by resource key. Keys come in runs of one namespace, so that a look-up takes the id and no text of its own.
 */
export class KeyMap<V> {
  readonly #places = new Map<string, Map<string, V>>();
  #kind: string | null = null;
  #namespace = '';
  #values = new Map<string, V>();

  constructor(entries: Iterable<readonly [ResourceKey, V]> = []) {
    for (const [key, value] of entries) this.set(key, value);
  }

  get(key: ResourceKey): V | undefined {
    return this.#in(key).get(key.id);
  }

  has(key: ResourceKey): boolean {
    return this.#in(key).has(key.id);
  }

  set(key: ResourceKey, value: V): void {
    this.#in(key).set(key.id, value);
  }

  delete(key: ResourceKey): void {
    this.#in(key).delete(key.id);
  }

  *values(): Generator<V, void, undefined> {
    for (const values of this.#places.values()) yield* values.values();
  }

  #in({ kind, namespace }: ResourceKey): Map<string, V> {
    if (kind === this.#kind && namespace === this.#namespace) return this.#values;
    const place = `${kind} ${namespace}`;
    let values = this.#places.get(place);
    if (values === undefined) {
      values = new Map();
      this.#places.set(place, values);
    }
    this.#kind = kind;
    this.#namespace = namespace;
    this.#values = values;
    return values;
  }
}
