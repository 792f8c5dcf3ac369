/** The contents of objects that were put in last, by number, up to so many bytes together. */
export class ContentCache {
  readonly #maxBytes: number;
  readonly #contents = new Map<number, Buffer>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get(entry: number): Buffer | undefined {
    return this.#contents.get(entry);
  }

  put(entry: number, content: Buffer): void {
    if (content.length > this.#maxBytes / 4 || this.#contents.has(entry)) return;
    this.#contents.set(entry, content);
    this.#bytes += content.length;
    if (this.#bytes <= this.#maxBytes) return;
    // A Map iterates in the order of insertion.
    for (const [oldest, { length }] of this.#contents) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#contents.delete(oldest);
      this.#bytes -= length;
    }
  }
}
