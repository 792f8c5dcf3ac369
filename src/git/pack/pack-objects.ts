import { hash } from 'node:crypto';
import { LimitExceededError } from '../../errors.js';
import type { GitObject, ObjectType, ReadableObjects } from '../objects/store.js';
import type { GitLimits } from '../types.js';

const smallestSlab = 64 * 1024;
const largestSlab = 4 * 1024 * 1024;
/** Larger objects get memory of their own, so that no slab is left half empty. */
const ownSlabBytes = largestSlab / 8;

/** An object under construction: the header that its id covers is written, `content` is to be filled. */
export interface Draft {
  readonly type: ObjectType;
  readonly content: Uint8Array;
  readonly slab: Buffer;
  readonly headerStart: number;
  readonly contentStart: number;
}

/** Told where an object stands: its header from `start` on, its content behind that, until `end`. */
export type VisitObject = (
  oid: string,
  type: ObjectType,
  size: number,
  slab: Buffer,
  start: number,
  end: number,
) => void;

/**
 * A pack's objects in memory. Their bytes stand in a few slabs, each behind the header that its id covers, so that
 * naming one is a single call and keeping it costs no JavaScript object.
 */
export class PackObjects implements ReadableObjects {
  readonly #limits: GitLimits;
  readonly #byOid = new Map<string, number>();
  readonly #oids: string[] = [];
  readonly #types: ObjectType[] = [];
  readonly #slabs: Buffer[] = [];
  readonly #headers: number[] = [];
  readonly #starts: number[] = [];
  readonly #sizes: number[] = [];
  #slab: Buffer = Buffer.alloc(0);
  #slabUsed = 0;
  #contentBytes = 0;

  constructor(limits: GitLimits) {
    this.#limits = limits;
  }

  /** Of distinct objects. */
  get size(): number {
    return this.#byOid.size;
  }

  /** Of all objects, inflated. */
  get contentBytes(): number {
    return this.#contentBytes;
  }

  has(oid: string): boolean {
    return this.#byOid.has(oid);
  }

  get(oid: string): GitObject | undefined {
    const index = this.#byOid.get(oid);
    return index === undefined ? undefined : this.at(index);
  }

  nameOf(oid: string): string | undefined {
    const index = this.#byOid.get(oid);
    return index === undefined ? undefined : this.#oids[index];
  }

  /** Visits every object once, mostly as they stand in memory one behind the other. */
  forEach(visit: VisitObject): void {
    const isDistinct = this.#byOid.size === this.#oids.length;
    for (let index = 0; index < this.#oids.length; index++) {
      const oid = this.oidAt(index);
      if (!isDistinct && this.#byOid.get(oid) !== index) continue;
      const type = this.#types[index] ?? 'blob';
      const size = this.#sizes[index] ?? 0;
      const end = (this.#starts[index] ?? 0) + size;
      visit(oid, type, size, this.#slabs[index] ?? this.#slab, this.#headers[index] ?? 0, end);
    }
  }

  oids(): IterableIterator<string> {
    return this.#byOid.keys();
  }

  indexOf(oid: string): number | undefined {
    return this.#byOid.get(oid);
  }

  oidAt(index: number): string {
    return this.#oids[index] ?? '';
  }

  /** The object that the `index`-th call of `add` or `place` kept. */
  at(index: number): GitObject | undefined {
    const type = this.#types[index];
    const slab = this.#slabs[index];
    const start = this.#starts[index];
    const size = this.#sizes[index];
    if (type === undefined || slab === undefined || start === undefined || size === undefined)
      return undefined;
    return { type, data: slab.subarray(start, start + size) };
  }

  /**
   * Counts memory that is about to be taken.
   * @throws LimitExceededError
   */
  count(size: number): void {
    const { maxObjectBytes, maxContentBytes } = this.#limits;
    if (size > maxObjectBytes) throw exceeded('maxObjectBytes', maxObjectBytes, 'An object of the pack');
    this.#contentBytes += size;
    if (this.#contentBytes > maxContentBytes) {
      throw exceeded('maxContentBytes', maxContentBytes, 'The inflated pack');
    }
  }

  /** Room for one object; the next draft may be asked for only after this one is kept. */
  draft(type: ObjectType, size: number): Draft {
    this.count(size);
    const header = `${type} ${size}\0`;
    const length = header.length + size;
    const slab = this.#slabFor(length);
    const headerStart = slab === this.#slab ? this.#slabUsed : 0;
    if (slab === this.#slab) this.#slabUsed += length;
    const contentStart = headerStart + slab.write(header, headerStart, 'latin1');
    return {
      type,
      slab,
      headerStart,
      contentStart,
      content: slab.subarray(contentStart, contentStart + size),
    };
  }

  /**
   * Names and keeps a finished object.
   * @returns its number
   */
  add({ type, slab, headerStart, contentStart, content }: Draft): number {
    return this.place(type, slab, headerStart, contentStart, content.length);
  }

  /**
   * Names and keeps an object that stands in a slab of the caller's, behind the header that its id covers.
   * @returns its number
   */
  place(type: ObjectType, slab: Buffer, headerStart: number, contentStart: number, size: number): number {
    const named = new Uint8Array(
      slab.buffer,
      slab.byteOffset + headerStart,
      contentStart - headerStart + size,
    );
    const oid = hash('sha1', named, 'hex');
    const index = this.#oids.push(oid) - 1;
    this.#types.push(type);
    this.#slabs.push(slab);
    this.#headers.push(headerStart);
    this.#starts.push(contentStart);
    this.#sizes.push(size);
    this.#byOid.set(oid, index);
    return index;
  }

  #slabFor(length: number): Buffer {
    if (this.#slabUsed + length <= this.#slab.length) return this.#slab;
    if (length > ownSlabBytes) return Buffer.allocUnsafeSlow(length);
    const next = Math.min(largestSlab, Math.max(smallestSlab, this.#slab.length * 2, length));
    this.#slab = Buffer.allocUnsafeSlow(next);
    this.#slabUsed = 0;
    return this.#slab;
  }
}

function exceeded(limit: keyof GitLimits, value: number, what: string): LimitExceededError {
  return new LimitExceededError(`${what} is larger than ${value} bytes.`, {
    hint: `Raise the limit "${limit}", or sync a smaller directory.`,
    data: { limit, value },
  });
}
