import { createHash } from 'node:crypto';
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
  const largeCount = order.reduce((sum, entry) => sum + (offsetOf(table, entry) >= largeOffset ? 1 : 0), 0);
  const index = Buffer.alloc(
    headerBytes + fanOutBytes + count * (oidBytes + 4 + 4) + largeCount * 8 + 2 * oidBytes,
  );
  index.write('\xfftOc\0\0\0\x02', 'latin1');

  const oidsAt = headerBytes + fanOutBytes;
  const crcsAt = oidsAt + count * oidBytes;
  const offsetsAt = crcsAt + count * 4;
  const largeAt = offsetsAt + count * 4;
  const perFirstByte = new Uint32Array(256);
  let large = 0;
  order.forEach((entry, row) => {
    const from = entry * oidBytes;
    table.oids.copy(index, oidsAt + row * oidBytes, from, from + oidBytes);
    index.writeUInt32BE(table.crcs[entry] ?? 0, crcsAt + row * 4);
    const offset = offsetOf(table, entry);
    if (offset < largeOffset) {
      index.writeUInt32BE(offset, offsetsAt + row * 4);
    } else {
      index.writeUInt32BE(largeOffset + large, offsetsAt + row * 4);
      index.writeBigUInt64BE(BigInt(offset), largeAt + large++ * 8);
    }
    const first = table.oids[from] ?? 0;
    perFirstByte[first] = (perFirstByte[first] ?? 0) + 1;
  });

  let below = 0;
  perFirstByte.forEach((entries, first) => {
    below += entries;
    index.writeUInt32BE(below, headerBytes + first * 4);
  });
  const trailerAt = index.length - 2 * oidBytes;
  index.set(packChecksum, trailerAt);
  const checksum = createHash('sha1')
    .update(index.subarray(0, trailerAt + oidBytes))
    .digest();
  index.set(checksum, trailerAt + oidBytes);
  return index;
}

function offsetOf(table: PackTable, entry: number): number {
  return table.offsets[entry] ?? 0;
}
