import { hash } from 'node:crypto';
import type { ObjectType } from '../objects/store.js';
import {
  footerBytes,
  layerMagic,
  oidBytes,
  rowBytes,
  sizeOffset,
  typeOffset,
  types,
} from './layer-format.js';

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
    const oids = Buffer.from(this.#oids.join(''), 'hex');
    const bytes = Buffer.alloc(rows * rowBytes + footerBytes);
    const order = sortedByHead(oids);
    for (let place = 0, at = 0; place < rows; place++, at += rowBytes) {
      const index = order[place] ?? 0;
      for (let byte = 0, from = index * oidBytes; byte < oidBytes; byte++)
        bytes[at + byte] = oids[from + byte] ?? 0;
      writeNumber(bytes, this.#starts[index] ?? 0, at + oidBytes, 6);
      writeNumber(bytes, this.#sizes[index] ?? 0, at + sizeOffset, 5);
      bytes[at + typeOffset] = this.#types[index] ?? 0;
    }
    const end = rows * rowBytes;
    bytes.writeUInt32BE(rows, end);
    bytes.writeUIntBE(this.#end, end + 4, 6);
    bytes.write(hash('sha1', bytes.subarray(0, end + 10), 'hex'), end + 10, 'hex');
    return bytes;
  }
}

/** Numbers sort far faster than rows: the first 32 bits of the id, and the row's number below them. */
function sortedByHead(oids: Buffer): Float64Array | number[] {
  const rows = oids.length / oidBytes;
  const head = (row: number): number => oids.readUInt32BE(row * oidBytes);
  const room = 2 ** 21;
  if (rows >= room) return Array.from({ length: rows }, (_, row) => row).sort((a, b) => head(a) - head(b));
  const keys = new Float64Array(rows);
  for (let row = 0; row < rows; row++) keys[row] = head(row) * room + row;
  keys.sort();
  for (let place = 0; place < rows; place++) keys[place] = (keys[place] ?? 0) % room;
  return keys;
}

/** As `writeUIntBE`, in its upper byte or two and its lower four. */
function writeNumber(bytes: Buffer, value: number, at: number, length: 5 | 6): void {
  const upper = Math.floor(value / 2 ** 32);
  if (length === 6) bytes[at] = upper >>> 8;
  bytes[at + length - 5] = upper & 0xff;
  const lower = value >>> 0;
  bytes[at + length - 4] = lower >>> 24;
  bytes[at + length - 3] = (lower >>> 16) & 0xff;
  bytes[at + length - 2] = (lower >>> 8) & 0xff;
  bytes[at + length - 1] = lower & 0xff;
}
