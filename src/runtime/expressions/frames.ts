import { undefinedName } from './values/access.js';
import { isForbiddenKey, mapKeys } from './values/kinds.js';

/**
 * Variables in layers: the caller's at the bottom, never changed; what `set` adds above them; one layer per loop on
 * top. Like Pebble, `set` changes a name where it already is, so a counter set before a loop counts inside it.
 */
export class Frames {
  readonly #base: Readonly<Record<string, unknown>>;
  readonly #layers: Map<string, unknown>[];

  constructor(
    base: Readonly<Record<string, unknown>>,
    layers: readonly Map<string, unknown>[] = [new Map()],
  ) {
    this.#base = base;
    this.#layers = [...layers];
  }

  /** The variable's value, or a fault that names what there is. */
  get(name: string): unknown {
    const layer = this.#layerOf(name);
    if (layer !== undefined) return layer.get(name);
    if (this.#inBase(name)) return this.#base[name];
    throw undefinedName(name, () => Object.keys(this.all()));
  }

  has(name: string): boolean {
    return this.#layerOf(name) !== undefined || this.#inBase(name);
  }

  set(name: string, value: unknown): void {
    const bottom = this.#layers[0];
    const layer = this.#layerOf(name) ?? (this.#inBase(name) ? bottom : this.#layers.at(-1));
    layer?.set(name, value);
  }

  /** Sets a loop's own variables, whatever outer layers hold. */
  declare(name: string, value: unknown): void {
    this.#layers.at(-1)?.set(name, value);
  }

  push(): void {
    this.#layers.push(new Map());
  }

  pop(): void {
    this.#layers.pop();
  }

  /** The same variables, on which changes do not come back. */
  fork(): Frames {
    return new Frames(this.#base, [...this.#layers.map((layer) => new Map(layer)), new Map()]);
  }

  all(): Record<string, unknown> {
    const merged = new Map<string, unknown>(mapKeys(this.#base).map((key) => [key, this.#base[key]]));
    for (const layer of this.#layers) for (const [key, value] of layer) merged.set(key, value);
    return Object.fromEntries([...merged].filter(([key]) => !isForbiddenKey(key)));
  }

  #layerOf(name: string): Map<string, unknown> | undefined {
    return this.#layers.findLast((layer) => layer.has(name));
  }

  #inBase(name: string): boolean {
    return Object.hasOwn(this.#base, name) && !isForbiddenKey(name);
  }
}
