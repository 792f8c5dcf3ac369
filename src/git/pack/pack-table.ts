import { CorruptPackError } from '../../errors.js';
import type { ObjectType } from '../objects/store.js';

const oidBytes = 20;
const headDigits = 8;
const typeCodes: readonly (ObjectType | null)[] = [null, 'commit', 'tree', 'blob', 'tag'];

/**
 * What is known of each entry of a pack on disk, in columns and by the entry's number: a million objects cost tens of
 * bytes each and no JavaScript object.
 */
export class PackTable {
  readonly count: number;
  /** Where an entry begins in the pack; `count` entries and then the end of the last one. */
  readonly offsets: Float64Array;
  readonly crcs: Uint32Array;
  /** Inflated size as the entry declares it: of a delta, its instructions. */
  readonly sizes: Float64Array;
  readonly headerBytes: Uint8Array;
  /** The entry a delta is made against, or -1. */
  readonly bases: Int32Array;
  readonly oids: Buffer;
  readonly #types: Uint8Array;
  /** Entries in the order of their ids, once that is asked for. */
  #sorted: Uint32Array | null = null;
  /** First four bytes of the ids in that order. */
  #heads = new Uint32Array(0);

  constructor(count: number) {
    this.count = count;
    this.offsets = new Float64Array(count + 1);
    this.crcs = new Uint32Array(count);
    this.sizes = new Float64Array(count);
    this.headerBytes = new Uint8Array(count);
    this.bases = new Int32Array(count).fill(-1);
    this.oids = Buffer.alloc(count * oidBytes);
    this.#types = new Uint8Array(count);
  }

  /** Null as long as a delta is not resolved. */
  type(entry: number): ObjectType | null {
    return typeCodes[this.#types[entry] ?? 0] ?? null;
  }

  /** Names an entry. No more may be named once entries have been looked up. */
  name(entry: number, type: ObjectType, oid: string): void {
    this.#types[entry] = typeCodes.indexOf(type);
    this.oids.write(oid, entry * oidBytes, 'hex');
  }

  oid(entry: number): string {
    return this.oids.toString('hex', entry * oidBytes, (entry + 1) * oidBytes);
  }

  /** The entry that begins at `offset`, among the first `known`. */
  entryAt(offset: number, known: number): number {
    let low = 0;
    let high = known - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.offsets[middle] ?? 0;
      if (found === offset) return middle;
      if (found < offset) low = middle + 1;
      else high = middle - 1;
    }
    throw new CorruptPackError(`The pack is broken: no object begins at byte ${offset}.`, {
      data: { offset },
    });
  }

  sorted(): Uint32Array {
    if (this.#sorted === null) {
      this.#sorted = sortByOid(this.oids, this.count);
      this.#heads = this.#sorted.map((entry) => this.oids.readUInt32BE(entry * oidBytes));
    }
    return this.#sorted;
  }

  /** The entry of an id; -1 when the pack does not hold it. */
  find(oid: string): number {
    const sorted = this.sorted();
    const head = Number.parseInt(oid.slice(0, headDigits), 16);
    for (let row = this.#firstRow(head); this.#heads[row] === head; row++) {
      const entry = sorted[row] ?? 0;
      if (this.oid(entry) === oid) return entry;
    }
    return -1;
  }

  /** Row of the first id in order whose first four bytes are not below `head`. */
  #firstRow(head: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#heads[middle] ?? 0) < head) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Numbers sort far faster by themselves than with a function that compares them. */
const plainlySorted = 2 ** 21;

/** By the first four bytes as numbers; whole ids are looked at only where those are equal. */
function sortByOid(oids: Buffer, count: number): Uint32Array {
  const order = new Uint32Array(count);
  if (count >= plainlySorted) {
    for (let entry = 0; entry < count; entry++) order[entry] = entry;
    return order.sort((a, b) => compareOids(oids, a, b));
  }
  const keys = new Float64Array(count);
  for (let entry = 0; entry < count; entry++) {
    keys[entry] = oids.readUInt32BE(entry * oidBytes) * plainlySorted + entry;
  }
  keys.sort();
  let first = 0;
  for (let row = 0; row < count; row++) {
    const key = keys[row] ?? 0;
    order[row] = key % plainlySorted;
    const isLast = row + 1 === count || headOf(keys[row + 1] ?? 0) !== headOf(key);
    if (!isLast) continue;
    if (first < row) order.subarray(first, row + 1).sort((a, b) => compareOids(oids, a, b));
    first = row + 1;
  }
  return order;
}

function headOf(key: number): number {
  return Math.floor(key / plainlySorted);
}

function compareOids(oids: Buffer, a: number, b: number): number {
  return oids.compare(oids, b * oidBytes, (b + 1) * oidBytes, a * oidBytes, (a + 1) * oidBytes);
}
