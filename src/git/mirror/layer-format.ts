import { createHash } from 'node:crypto';
import type { ObjectType } from '../objects/store.js';

/*
 * A layer is one file of objects as they are: nothing to inflate, no deltas.
 *
 *   magic     16 bytes
 *   objects   each `<type> <size>\0<content>`, the bytes that its id covers
 *   table     a row per object, sorted by the first four bytes of the ids
 *   footer    number of rows (4 bytes), where the table begins (6 bytes), SHA-1 over table and these ten bytes
 *
 * The footer tells a file that was cut off or a table that was altered; an altered object is told by its id, which is
 * computed when the object is first read.
 */

export const layerMagic = Buffer.from('flowgit layer 1\n');
/** The id (20 bytes), where the object begins (6), its size without header (5), its type (1). */
export const rowBytes = 32;
export const footerBytes = 30;
const oidBytes = 20;
const sizeOffset = 26;
const typeOffset = 31;
const types: readonly ObjectType[] = ['commit', 'tree', 'blob', 'tag'];

/** Where an object stands in a layer; `start` is that of its header. */
export interface LayerRow {
  oid: string;
  type: ObjectType;
  start: number;
  size: number;
}

/** The table and the footer behind objects that end at `tableStart`. */
export function encodeTable(rows: readonly LayerRow[], tableStart: number): Buffer {
  const bytes = Buffer.alloc(rows.length * rowBytes + footerBytes);
  const order = sortedByHead(rows);
  order.forEach((index, place) => {
    const row = rows[index];
    if (row === undefined) return;
    const at = place * rowBytes;
    bytes.write(row.oid, at, 'hex');
    writeNumber(bytes, row.start, at + oidBytes, 6);
    writeNumber(bytes, row.size, at + sizeOffset, 5);
    bytes[at + typeOffset] = types.indexOf(row.type);
  });
  const end = rows.length * rowBytes;
  bytes.writeUInt32BE(rows.length, end);
  bytes.writeUIntBE(tableStart, end + 4, 6);
  createHash('sha1')
    .update(bytes.subarray(0, end + 10))
    .digest()
    .copy(bytes, end + 10);
  return bytes;
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

/** What a footer says of its file; null when it cannot be one. */
export function readFooter(footer: Buffer, fileBytes: number): { rows: number; tableStart: number } | null {
  const rows = footer.readUInt32BE(0);
  const tableStart = footer.readUIntBE(4, 6);
  const fits = tableStart >= layerMagic.length && tableStart + rows * rowBytes + footerBytes === fileBytes;
  return fits ? { rows, tableStart } : null;
}

/** @param bytes table and footer */
export function isTableIntact(bytes: Buffer): boolean {
  const covered = bytes.length - oidBytes;
  const digest = createHash('sha1').update(bytes.subarray(0, covered)).digest();
  return digest.equals(bytes.subarray(covered));
}

export function readRow(table: Buffer, row: number): LayerRow {
  const at = row * rowBytes;
  return {
    oid: table.toString('hex', at, at + oidBytes),
    type: types[table[at + typeOffset] ?? 0] ?? 'blob',
    start: table.readUIntBE(at + oidBytes, 6),
    size: table.readUIntBE(at + sizeOffset, 5),
  };
}

/** Row of an id; -1 when it is not in the table. */
export function findRow(table: Buffer, rows: number, oid: string): number {
  const head = Number.parseInt(oid.slice(0, 8), 16);
  let low = 0;
  let high = rows;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (table.readUInt32BE(middle * rowBytes) < head) low = middle + 1;
    else high = middle;
  }
  for (let row = low; row < rows && table.readUInt32BE(row * rowBytes) === head; row++) {
    if (table.toString('hex', row * rowBytes, row * rowBytes + oidBytes) === oid) return row;
  }
  return -1;
}

export function headerOf(type: ObjectType, size: number): string {
  return `${type} ${size}\0`;
}

/** Numbers sort far faster than rows: the first 32 bits of the id, and the row's number below them. */
function sortedByHead(rows: readonly LayerRow[]): number[] {
  const room = 2 ** 21;
  if (rows.length >= room) {
    return rows.map((_row, index) => index).sort((a, b) => headOf(rows[a]) - headOf(rows[b]));
  }
  const keys = new Float64Array(rows.length);
  rows.forEach((row, index) => {
    keys[index] = headOf(row) * room + index;
  });
  return Array.from(keys.sort(), (key) => key % room);
}

function headOf(row: LayerRow | undefined): number {
  return Number.parseInt(row?.oid.slice(0, 8) ?? '', 16);
}
