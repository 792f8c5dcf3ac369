/** The most recently used contents of objects, by number, up to so many bytes together. */
export class ContentCache {
  readonly #maxBytes: number;
  readonly #contents = new Map<number, Buffer>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get(entry: number): Buffer | undefined {
    const content = this.#contents.get(entry);
    if (content === undefined) return undefined;
    // A Map iterates in the order of insertion: the least recently used comes first.
    this.#contents.delete(entry);
    this.#contents.set(entry, content);
    return content;
  }

  put(entry: number, content: Buffer): void {
    if (content.length > this.#maxBytes / 4 || this.#contents.has(entry)) return;
    this.#contents.set(entry, content);
    this.#bytes += content.length;
    for (const [oldest, { length }] of this.#contents) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#contents.delete(oldest);
      this.#bytes -= length;
    }
  }
}
