/** Contents of consecutive entries of a pack in one piece of memory. */
export interface ContentRun {
  /** Number of the first entry. */
  first: number;
  memory: Uint8Array;
  /** Where each entry's content begins and ends in it; both 0 for one that is not there. */
  starts: Uint32Array;
  ends: Uint32Array;
}

/** The contents of objects that were put in last, by number, up to so many bytes together. */
export class ContentCache {
  readonly #maxBytes: number;
  readonly #contents = new Map<number, Buffer>();
  /** Goes along the contents as they came. One that begins anew for each would walk over all that have gone. */
  #ages = this.#contents.keys();
  /** The content that came first of those that are there, where that is known. */
  #oldest: number | undefined;
  /** By their entries. */
  readonly #runs: ContentRun[] = [];
  /** Runs before it have been let go. */
  #oldestRun = 0;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get(entry: number): Buffer | undefined {
    const run = this.#runOf(entry);
    const index = run === undefined ? 0 : entry - run.first;
    const [start, end] = [run?.starts[index] ?? 0, run?.ends[index] ?? 0];
    if (run === undefined || end === 0) return this.#contents.get(entry);
    const { buffer, byteOffset } = run.memory;
    return Buffer.from(buffer, byteOffset + start, end - start);
  }

  put(entry: number, content: Buffer): void {
    if (content.length > this.#maxBytes / 4 || this.#contents.has(entry)) return;
    this.#contents.set(entry, content);
    this.#bytes += content.length;
    this.#makeRoom();
  }

  /** Takes the contents of entries behind all those of earlier runs. */
  putRun(run: ContentRun): void {
    this.#runs.push(run);
    this.#bytes += run.memory.length;
    this.#makeRoom();
  }

  #runOf(entry: number): ContentRun | undefined {
    let low = this.#oldestRun;
    let high = this.#runs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#runs[middle]?.first ?? 0) <= entry) low = middle;
      else high = middle - 1;
    }
    const run = this.#runs[low];
    return run !== undefined && entry >= run.first && entry < run.first + run.starts.length ? run : undefined;
  }

  #makeRoom(): void {
    while (this.#bytes > this.#maxBytes) {
      const run = this.#runs[this.#oldestRun];
      this.#oldest ??= this.#nextOldest();
      if (run !== undefined && (this.#oldest === undefined || run.first < this.#oldest)) {
        this.#bytes -= run.memory.length;
        this.#runs[this.#oldestRun++] = { ...run, memory: new Uint8Array(0), ends: nothing, starts: nothing };
      } else if (this.#oldest !== undefined) {
        this.#bytes -= this.#contents.get(this.#oldest)?.length ?? 0;
        this.#contents.delete(this.#oldest);
        this.#oldest = undefined;
      } else return;
    }
  }

  #nextOldest(): number | undefined {
    const next = this.#ages.next();
    if (next.done !== true) return next.value;
    // It has seen all that there were, and stays at its end.
    this.#ages = this.#contents.keys();
    return this.#ages.next().value;
  }
}

const nothing = new Uint32Array(0);
