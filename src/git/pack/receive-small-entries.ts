import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { checkObjectSize } from './check-object-size.js';
import type { DiskPack } from './disk-pack.js';
import type { EntryWindow } from './entry-window.js';
import type { PendingDeltas } from './pending-deltas.js';
import { readSmallRun, type SmallRun } from './small-entries.js';

/**
 * Takes the small entries at the window's beginning, up to one that is not, or not whole. There are tens of thousands
 * of them, hence no object for each.
 * @returns how many entries that were
 */
export function receiveSmallEntries(
  window: EntryWindow,
  pack: DiskPack,
  deltas: PendingDeltas,
  first: number,
): number {
  const { table, maxObjectBytes } = pack;
  const run = readSmallRun(window, table.count - first);
  const { count, slab, packStart, columns } = run;
  if (count === 0) return 0;
  const { starts, ends } = placesIn(run);
  pack.holdRun({ first, memory: slab, starts, ends });
  let objectStart = 0;
  for (let index = 0; index < count; index++) {
    const entry = first + index;
    const size = columns.sizes[index] ?? 0;
    checkObjectSize(size, maxObjectBytes);
    table.sizes[entry] = size;
    table.headerBytes[entry] = run.headerBytes(index);
    table.crcs[entry] = crc32(run.packed(index));
    table.offsets[entry + 1] = packStart + (columns.ends[index] ?? 0);
    if (run.isDelta(index)) {
      const { header, instructions } = run.delta(index);
      deltas.add(entry, header, instructions);
    } else {
      const objectEnd = ends[index] ?? 0;
      const object = new Uint8Array(slab.buffer, slab.byteOffset + objectStart, objectEnd - objectStart);
      pack.named(entry, run.type(index), hash('sha1', object, 'hex'));
      objectStart = objectEnd;
    }
  }
  window.skip(run.packedBytes);
  return count;
}

/** Where the contents of objects begin and end. */
function placesIn(run: SmallRun): { starts: Uint32Array; ends: Uint32Array } {
  const starts = new Uint32Array(run.count);
  const ends = new Uint32Array(run.count);
  for (let index = 0; index < run.count; index++) {
    if (run.isDelta(index)) continue;
    const start = run.columns.contents[index] ?? 0;
    starts[index] = start;
    ends[index] = start + (run.columns.sizes[index] ?? 0);
  }
  return { starts, ends };
}
