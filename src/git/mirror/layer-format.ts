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
export const oidBytes = 20;
const sizeOffset = 26;
const typeOffset = 31;
export const types: readonly ObjectType[] = ['commit', 'tree', 'blob', 'tag'];

/** Where an object stands in a layer; `start` is that of its header. */
export interface LayerRow {
  oid: string;
  type: ObjectType;
  start: number;
  size: number;
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
