import { hash } from 'node:crypto';
import type { ObjectType } from '../objects/store.js';
import { footerBytes, layerMagic, oidBytes, rowBytes, types } from './layer-format.js';

const oidWords = oidBytes / 4;
const rowWords = rowBytes / 4;

/** A layer's table on its way: what is known of each object stands in lists of numbers, and takes no memory of its own. */
export class TableDraft {
  readonly #oids: string[] = [];
  readonly #types: number[] = [];
  readonly #starts: number[] = [];
  readonly #sizes: number[] = [];
  /** Where the next object begins. */
  #end = layerMagic.length;

  get rows(): number {
    return this.#oids.length;
  }

  /** @param bytes of header and content, which follow what was added before */
  add(oid: string, type: ObjectType, size: number, bytes: number): void {
    this.#oids.push(oid);
    this.#types.push(types.indexOf(type));
    this.#starts.push(this.#end);
    this.#sizes.push(size);
    this.#end += bytes;
  }

  /** The table, and the footer. */
  encode(): Buffer {
    const { rows } = this;
    // By words: most processes write one table, and a loop over all its bytes would take most of the time.
    const oids = new Uint32Array(rows * oidWords);
    Buffer.from(oids.buffer).write(this.#oids.join(''), 'hex');
    const words = new Uint32Array(rows * rowWords);
    const numbers = new DataView(words.buffer);
    const order = sortedByHead(oids);
    for (let place = 0; place < rows; place++) {
      const index = order[place] ?? 0;
      const from = index * oidWords;
      const to = place * rowWords;
      for (let word = 0; word < oidWords; word++) words[to + word] = oids[from + word] ?? 0;
      // Six bytes, five and one.
      const start = this.#starts[index] ?? 0;
      const size = this.#sizes[index] ?? 0;
      const at = (to + oidWords) * 4;
      numbers.setUint32(at, upper(start) * 2 ** 16 + (lower(start) >>> 16));
      numbers.setUint32(at + 4, (lower(start) << 16) | (upper(size) << 8) | (lower(size) >>> 24));
      numbers.setUint32(at + 8, (lower(size) << 8) | (this.#types[index] ?? 0));
    }
    const footer = Buffer.alloc(footerBytes);
    footer.writeUInt32BE(rows, 0);
    footer.writeUIntBE(this.#end, 4, 6);
    const bytes = Buffer.concat([new Uint8Array(words.buffer), footer]);
    bytes.write(
      hash('sha1', bytes.subarray(0, bytes.length - oidBytes), 'hex'),
      bytes.length - oidBytes,
      'hex',
    );
    return bytes;
  }
}

function upper(value: number): number {
  return Math.floor(value / 2 ** 32);
}

function lower(value: number): number {
  return value >>> 0;
}

/** Numbers sort far faster than rows: the first 32 bits of the id, and the row's number below them. */
function sortedByHead(oids: Uint32Array<ArrayBuffer>): Float64Array | number[] {
  const rows = oids.length / oidWords;
  const view = new DataView(oids.buffer);
  const head = (row: number): number => view.getUint32(row * oidBytes);
  const room = 2 ** 21;
  if (rows >= room) return Array.from({ length: rows }, (_, row) => row).sort((a, b) => head(a) - head(b));
  const keys = new Float64Array(rows);
  for (let row = 0; row < rows; row++) keys[row] = head(row) * room + row;
  keys.sort();
  for (let place = 0; place < rows; place++) {
    const key = keys[place] ?? 0;
    keys[place] = key - Math.floor(key / room) * room;
  }
  return keys;
}
