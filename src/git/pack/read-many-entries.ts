import type { DeltaResolver } from './delta-resolver.js';
import type { PackObjects } from './pack-objects.js';
import type { PackWindow } from './pack-window.js';
import { readSmallRun } from './small-entries.js';

/**
 * Takes the small entries at the window's beginning, up to one that is not, or not whole.
 * @returns how many entries that were
 */
export function readManyEntries(
  window: PackWindow,
  objects: PackObjects,
  deltas: DeltaResolver,
  atMost: number,
): number {
  const run = readSmallRun(window, atMost);
  const { slab, count } = run;
  let headerStart = 0;
  for (let index = 0; index < count; index++) {
    const size = run.size(index);
    objects.count(size);
    if (run.isDelta(index)) {
      const { header, instructions } = run.delta(index);
      deltas.addDelta(run.offset(index), instructions, header);
      continue;
    }
    const contentStart = run.contentStart(index);
    deltas.addWhole(run.offset(index), objects.place(run.type(index), slab, headerStart, contentStart, size));
    headerStart = contentStart + size;
  }
  window.consume(run.packedBytes);
  return count;
}
