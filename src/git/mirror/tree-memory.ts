import type { GitObject, ReadableObjects } from '../objects/store.js';
import { reachableObjects } from './reachable.js';
import {
  addKnown,
  type KnownCommit,
  type Recalled,
  type RemoteMemory,
  type Transferred,
} from './remote-memory.js';

/** Trees of the last commits of many remotes, together up to so many bytes; the least recently used go first. */
export class TreeMemories {
  readonly #maxBytes: number;
  readonly #remotes = new Map<string, TreeMemory>();

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  of(remote: string): TreeMemory {
    const memory = this.#remotes.get(remote) ?? new TreeMemory(() => this.#bound(remote, memory));
    this.#remotes.set(remote, memory);
    return memory;
  }

  #bound(remote: string, latest: TreeMemory): void {
    this.#remotes.delete(remote);
    this.#remotes.set(remote, latest);
    let bytes = 0;
    for (const memory of this.#remotes.values()) bytes += memory.bytes;
    // A Map iterates in the order of insertion.
    for (const memory of this.#remotes.values()) {
      if (bytes <= this.#maxBytes) return;
      bytes -= memory.bytes;
      memory.forget();
    }
  }
}

/** A remote's trees in memory, without contents: enough to ask for what changed only. */
export class TreeMemory implements RemoteMemory {
  readonly #onGrowth: () => void;
  #trees = new TreeLayer();
  #commits: readonly KnownCommit[] = [];
  /** What was left after the last clearing; as much again may gather before the next. */
  #cleared = 0;

  constructor(onGrowth: () => void) {
    this.#onGrowth = onGrowth;
  }

  get bytes(): number {
    return this.#trees.bytes;
  }

  async recall(): Promise<Recalled> {
    return { layers: [this.#trees], commits: this.#commits };
  }

  async lock(): Promise<() => Promise<void>> {
    return async () => {};
  }

  async remember({ objects, known }: Transferred): Promise<void> {
    for (const pack of objects) {
      pack.forEach((oid, type) => {
        const object = type === 'blob' ? undefined : pack.get(oid);
        if (object !== undefined) this.#trees.add(oid, object);
      });
    }
    if (known !== null) this.#commits = addKnown(this.#commits, { ...known, contents: false });
    if (this.bytes > 2 * this.#cleared + smallBytes) this.#clear();
    this.#onGrowth();
  }

  forget(): void {
    this.#trees = new TreeLayer();
    this.#commits = [];
    this.#cleared = 0;
  }

  /** Snapshots that are open keep the layer they have. */
  #clear(): void {
    const kept = new TreeLayer();
    for (const oid of reachableObjects(this.#trees, this.#commits, false)) {
      const object = this.#trees.get(oid);
      if (object !== undefined) kept.add(oid, object);
    }
    this.#trees = kept;
    this.#cleared = kept.bytes;
  }
}

const smallBytes = 4 * 1024 * 1024;
/** About what an entry of the map takes beside its bytes. */
const entryBytes = 200;

class TreeLayer implements ReadableObjects {
  readonly #objects = new Map<string, GitObject>();
  bytes = 0;

  has(oid: string): boolean {
    return this.#objects.has(oid);
  }

  get(oid: string): GitObject | undefined {
    return this.#objects.get(oid);
  }

  /** Copies, so that the pack which an object came in does not stay in memory. */
  add(oid: string, { type, data }: GitObject): void {
    if (this.#objects.has(oid)) return;
    this.#objects.set(oid, { type, data: new Uint8Array(data) });
    this.bytes += data.length + entryBytes;
  }
}
