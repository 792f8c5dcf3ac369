import { hashObject } from './hash.js';
import type { GitObject, ObjectStore, ObjectType, ReadableObjects } from './store.js';

/** Own objects in a Map, laid over any number of read-only layers such as packs; the newest layer is asked first. */
export class MemoryObjectStore implements ObjectStore {
  readonly #own = new Map<string, GitObject>();
  readonly #layers: ReadableObjects[] = [];

  has(oid: string): boolean {
    if (this.#own.has(oid)) return true;
    for (const layer of this.#layers) if (layer.has(oid)) return true;
    return false;
  }

  get(oid: string): GitObject | undefined {
    const own = this.#own.get(oid);
    if (own) return own;
    for (const layer of this.#layers) {
      const object = layer.get(oid);
      if (object) return object;
    }
    return undefined;
  }

  nameOf(oid: string): string | undefined {
    for (const layer of this.#layers) {
      const name = layer.nameOf?.(oid);
      if (name !== undefined) return name;
    }
    return undefined;
  }

  put(type: ObjectType, data: Uint8Array): string {
    const oid = hashObject(type, data);
    this.#own.set(oid, { type, data });
    return oid;
  }

  /** Makes everything in `layer` readable here where nothing else has it: the layer is asked last. */
  addLastLayer(layer: ReadableObjects): void {
    if (!this.#layers.includes(layer)) this.#layers.push(layer);
  }

  /** Makes everything in `layer` readable here, without copying. */
  addLayer(layer: ReadableObjects): void {
    if (!this.#layers.includes(layer)) this.#layers.unshift(layer);
  }
}
