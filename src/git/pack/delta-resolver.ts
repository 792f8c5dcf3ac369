import { CorruptPackError, LimitExceededError } from '../../errors.js';
import type { GitObject, ReadableObjects } from '../objects/store.js';
import { applyDelta, readDeltaSizes } from './apply-delta.js';
import type { EntryHeader } from './entry-header.js';
import type { PackObjects } from './pack-objects.js';

interface WaitingDelta {
  /** Number of the entry in the pack. */
  entry: number;
  delta: Buffer;
}

/**
 * Keeps a pack's entries in their order and rebuilds deltas as soon as their base is known. An ofs-delta's base stands
 * earlier in the pack, a ref-delta's may come later; either may itself still wait.
 */
export class DeltaResolver {
  readonly #objects: PackObjects;
  readonly #maxDepth: number;
  readonly #bases: ReadableObjects | undefined;
  /** By entry, ascending. */
  readonly #offsets: number[] = [];
  /** By entry: its number in `objects`, or -1 while it waits. */
  readonly #indexes: number[] = [];
  /** By number in `objects`: the length of its chain of deltas. */
  readonly #depths: number[] = [];
  readonly #byEntry = new Map<number, WaitingDelta[]>();
  readonly #byOid = new Map<string, WaitingDelta[]>();
  #waiting = 0;

  /** @param bases objects outside the pack that a thin pack may refer to */
  constructor(objects: PackObjects, maxDepth: number, bases?: ReadableObjects) {
    this.#objects = objects;
    this.#maxDepth = maxDepth;
    this.#bases = bases;
  }

  /** @param index of the object among those of the pack */
  addWhole(offset: number, index: number): void {
    const entry = this.#addEntry(offset);
    this.#place(entry, index, 0);
    if (this.#waiting > 0) this.#resolveAfter(entry, this.#objects.oidAt(index));
  }

  addDelta(offset: number, delta: Buffer, { baseOffset, baseOid }: EntryHeader): void {
    const entry = this.#addEntry(offset);
    const waiting = { entry, delta };
    if (baseOid !== null) {
      const base = this.#objects.indexOf(baseOid);
      const outside = base === undefined ? this.#bases?.get(baseOid) : undefined;
      if (base !== undefined) this.#resolveAfter(entry, this.#rebuild(waiting, base));
      else if (outside !== undefined) this.#resolveAfter(entry, this.#rebuildFrom(waiting, outside, 0));
      else this.#wait(this.#byOid, baseOid, waiting);
      return;
    }
    const baseEntry = this.#entryAt(baseOffset ?? -1);
    const base = this.#indexes[baseEntry] ?? -1;
    if (base === -1) this.#wait(this.#byEntry, baseEntry, waiting);
    else this.#resolveAfter(entry, this.#rebuild(waiting, base));
  }

  /** @throws CorruptPackError when a base never came, or deltas are each other's bases */
  finish(): void {
    if (this.#waiting === 0) return;
    throw new CorruptPackError(`The pack is broken: ${this.#waiting} of its deltas have no base in it.`);
  }

  #addEntry(offset: number): number {
    this.#indexes.push(-1);
    return this.#offsets.push(offset) - 1;
  }

  #place(entry: number, index: number, depth: number): void {
    this.#indexes[entry] = index;
    this.#depths[index] = depth;
  }

  #wait<K>(map: Map<K, WaitingDelta[]>, base: K, waiting: WaitingDelta): void {
    const list = map.get(base);
    if (list) list.push(waiting);
    else map.set(base, [waiting]);
    this.#waiting++;
  }

  /** Rebuilds everything that waited for this object, and what waited for that; a loop, for chains can be long. */
  #resolveAfter(entry: number, oid: string): void {
    if (this.#waiting === 0) return;
    const found: { entry: number; oid: string }[] = [{ entry, oid }];
    for (let base = found.pop(); base; base = found.pop()) {
      const ready = [...(this.#byEntry.get(base.entry) ?? []), ...(this.#byOid.get(base.oid) ?? [])];
      this.#byEntry.delete(base.entry);
      this.#byOid.delete(base.oid);
      this.#waiting -= ready.length;
      const index = this.#indexes[base.entry] ?? -1;
      for (const waiting of ready) found.push({ entry: waiting.entry, oid: this.#rebuild(waiting, index) });
    }
  }

  #rebuild(waiting: WaitingDelta, baseIndex: number): string {
    const base = this.#objects.at(baseIndex);
    if (base === undefined) throw new CorruptPackError('The pack is broken: a delta has no base in it.');
    return this.#rebuildFrom(waiting, base, this.#depths[baseIndex] ?? 0);
  }

  #rebuildFrom({ entry, delta }: WaitingDelta, base: GitObject, baseDepth: number): string {
    const depth = baseDepth + 1;
    if (depth > this.#maxDepth) {
      throw new LimitExceededError(`The pack holds a chain of more than ${this.#maxDepth} deltas.`, {
        hint: 'Raise the limit "maxDeltaDepth", or repack the repository.',
        data: { limit: 'maxDeltaDepth', value: this.#maxDepth },
      });
    }
    const { baseSize, resultSize, start } = readDeltaSizes(delta);
    if (baseSize !== base.data.length) {
      throw new CorruptPackError('The pack is broken: a delta was made for another base.');
    }
    const draft = this.#objects.draft(base.type, resultSize);
    applyDelta(base.data, delta, start, draft.content);
    const index = this.#objects.add(draft);
    this.#place(entry, index, depth);
    return this.#objects.oidAt(index);
  }

  #entryAt(offset: number): number {
    let low = 0;
    let high = this.#offsets.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.#offsets[middle] ?? 0;
      if (found === offset) return middle;
      if (found < offset) low = middle + 1;
      else high = middle - 1;
    }
    throw new CorruptPackError(`The pack is broken: no object begins at byte ${offset}.`, {
      data: { offset },
    });
  }
}
