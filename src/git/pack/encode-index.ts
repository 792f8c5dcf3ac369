import { createHash } from 'node:crypto';
import { turnWords, wordsOf } from '../objects/oid-words.js';
import { rowsInOrder } from '../objects/sorted-rows.js';
import type { PackTable } from './pack-table.js';

const fanOutBytes = 256 * 4;
const headerBytes = 8;
const oidBytes = 20;
/** Offsets from here on do not fit the 31 bits of the first offset table. */
const largeOffset = 0x80000000;

/** The content of a pack's version 2 index file (gitformat-pack, "Version 2 pack-*.idx files"). */
export function encodePackIndex(table: PackTable, packChecksum: Uint8Array): Buffer {
  const { count } = table;
  const order = table.sorted();
  const { offsets, large } = offsetsInOrder(table, order);
  const index = Buffer.alloc(
    headerBytes + fanOutBytes + count * (oidBytes + 4 + 4) + large.length * 8 + 2 * oidBytes,
  );
  index.write('\xfftOc\0\0\0\x02', 'latin1');
  for (let first = 0; first < 256; first++) {
    index.writeUInt32BE(table.rowsBelow((first + 1) * 2 ** 24), headerBytes + first * 4);
  }
  const crcs = rowsInOrder(order, [new Int32Array(table.crcs.buffer)]);
  turnWords(crcs);
  turnWords(offsets);
  let at = headerBytes + fanOutBytes;
  for (const column of [rowsInOrder(order, [wordsOf(table.oids)]), crcs, offsets]) {
    index.set(new Uint8Array(column.buffer), at);
    at += column.byteLength;
  }
  for (const offset of large) at = index.writeBigUInt64BE(BigInt(offset), at);
  index.set(packChecksum, at);
  const covered = at + packChecksum.length;
  index.set(createHash('sha1').update(index.subarray(0, covered)).digest(), covered);
  return index;
}

/** Offsets as the first table has them, and those that the second one has. */
function offsetsInOrder(
  { count, offsets: all }: PackTable,
  order: Int32Array,
): { offsets: Int32Array<ArrayBuffer>; large: number[] } {
  const offsets = rowsInOrder(order, [new Int32Array(all.subarray(0, count))]);
  const large: number[] = [];
  // Entries are numbered as they stand in the pack.
  if (count === 0 || (all[count - 1] ?? 0) < largeOffset) return { offsets, large };
  order.forEach((entry, row) => {
    const offset = all[entry] ?? 0;
    if (offset >= largeOffset) offsets[row] = largeOffset + large.push(offset) - 1;
  });
  return { offsets, large };
}
