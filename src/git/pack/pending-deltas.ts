import { setImmediate } from 'node:timers/promises';
import { CorruptPackError, LimitExceededError } from '../../errors.js';
import { throwIfCancelled } from '../cancelled.js';
import { hashObject } from '../objects/hash.js';
import type { TransferProgress } from '../types.js';
import type { DiskPack } from './disk-pack.js';
import type { EntryHeader } from './entry-header.js';

const breatheEvery = 512;

/**
 * The deltas of a pack on disk: rebuilt at once when their base is in memory, otherwise when the whole pack is there,
 * base after base, so that a chain's contents are at hand one after another.
 */
export class PendingDeltas {
  readonly #pack: DiskPack;
  readonly #maxDepth: number;
  readonly #depths: Uint32Array;
  readonly #byBase = new Map<number, number[]>();
  readonly #byOid = new Map<string, number[]>();
  #waiting = 0;

  constructor(pack: DiskPack, maxDepth: number) {
    this.#pack = pack;
    this.#maxDepth = maxDepth;
    this.#depths = new Uint32Array(pack.table.count);
  }

  add(entry: number, { baseOffset, baseOid }: EntryHeader, instructions: Buffer): void {
    if (baseOid !== null) {
      this.#wait(this.#byOid, baseOid, entry);
      return;
    }
    const { table } = this.#pack;
    const base = table.entryAt(baseOffset ?? -1, entry);
    const content = table.type(base) === null ? undefined : this.#pack.cached(base);
    if (content === undefined) this.#wait(this.#byBase, base, entry);
    else this.#rebuild(entry, base, content, instructions);
  }

  /** @throws CorruptPackError when a base never came, or deltas are each other's bases */
  async resolve(options: {
    signal?: AbortSignal | undefined;
    onProgress?: ((event: TransferProgress) => void) | undefined;
  }): Promise<void> {
    const total = this.#waiting;
    if (total === 0) return;
    const ready = this.#basesAtHand();
    let done = 0;
    for (let base = ready.pop(); base !== undefined; base = ready.pop()) {
      for (const entry of this.#takeWaiting(base)) {
        this.#rebuild(entry, base, this.#pack.content(base), this.#pack.inflated(entry));
        ready.push(entry);
        if (++done % breatheEvery > 0) continue;
        await setImmediate();
        throwIfCancelled(options.signal);
        options.onProgress?.({ phase: 'resolve', done, total });
      }
    }
    if (this.#waiting > 0) {
      throw new CorruptPackError(`The pack is broken: ${this.#waiting} of its deltas have no base in it.`);
    }
    options.onProgress?.({ phase: 'resolve', done, total });
  }

  #basesAtHand(): number[] {
    const { table } = this.#pack;
    const bases: number[] = [];
    for (let entry = 0; entry < table.count; entry++) {
      if (table.type(entry) === null) continue;
      const wanted = this.#byBase.has(entry) || (this.#byOid.size > 0 && this.#byOid.has(table.oid(entry)));
      if (wanted) bases.push(entry);
    }
    return bases;
  }

  #takeWaiting(base: number): number[] {
    const entries = this.#byBase.get(base) ?? [];
    this.#byBase.delete(base);
    if (this.#byOid.size > 0) {
      const oid = this.#pack.table.oid(base);
      entries.push(...(this.#byOid.get(oid) ?? []));
      this.#byOid.delete(oid);
    }
    this.#waiting -= entries.length;
    return entries;
  }

  #rebuild(entry: number, base: number, baseContent: Buffer, instructions: Buffer): void {
    const { table } = this.#pack;
    const depth = (this.#depths[base] ?? 0) + 1;
    if (depth > this.#maxDepth) {
      throw new LimitExceededError(`The pack holds a chain of more than ${this.#maxDepth} deltas.`, {
        hint: 'Raise the limit "maxDeltaDepth", or repack the repository.',
        data: { limit: 'maxDeltaDepth', value: this.#maxDepth },
      });
    }
    const type = table.type(base);
    if (type === null) throw new CorruptPackError('The pack is broken: a delta has no base in it.');
    const content = this.#pack.apply(baseContent, instructions);
    this.#depths[entry] = depth;
    table.bases[entry] = base;
    this.#pack.keep(entry, type, hashObject(type, content), content);
  }

  #wait<K>(waiting: Map<K, number[]>, base: K, entry: number): void {
    const entries = waiting.get(base);
    if (entries === undefined) waiting.set(base, [entry]);
    else entries.push(entry);
    this.#waiting++;
  }
}
