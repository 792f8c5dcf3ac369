import { CorruptPackError } from '../../errors.js';
import { wordsOf } from '../objects/oid-words.js';
import { type SortedIds, sortByHead } from '../objects/sorted-rows.js';
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
  #sorted: Int32Array | null = null;
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

  sorted(): Int32Array {
    if (this.#sorted === null) {
      const { order, heads } = sortByOid(this.oids);
      this.#sorted = order;
      this.#heads = heads;
    }
    return this.#sorted;
  }

  /** The entry of an id; -1 when the pack does not hold it. */
  find(oid: string): number {
    const sorted = this.sorted();
    const head = Number.parseInt(oid.slice(0, headDigits), 16);
    for (let row = this.rowsBelow(head); this.#heads[row] === head; row++) {
      const entry = sorted[row] ?? 0;
      if (this.oid(entry) === oid) return entry;
    }
    return -1;
  }

  /** How many ids have first four bytes below `head`: so the row of the first that has not. */
  rowsBelow(head: number): number {
    this.sorted();
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

/** Ids that begin with the same four bytes are put in order one by one. */
function sortByOid(oids: Buffer): SortedIds {
  const sorted = sortByHead(wordsOf(oids));
  const { order, heads, alike } = sorted;
  let first = 0;
  for (let row = 1; alike > 0 && row <= order.length; row++) {
    if (row < order.length && heads[row] === heads[first]) continue;
    if (row - first > 1) order.subarray(first, row).sort((a, b) => compareOids(oids, a, b));
    first = row;
  }
  return sorted;
}

function compareOids(oids: Buffer, a: number, b: number): number {
  return oids.compare(oids, b * oidBytes, (b + 1) * oidBytes, a * oidBytes, (a + 1) * oidBytes);
}
