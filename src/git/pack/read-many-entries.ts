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
  const { slab, count, packStart } = run;
  const { starts, sizes, contents } = run.columns;
  let headerStart = 0;
  for (let index = 0; index < count; index++) {
    const offset = packStart + (starts[index] ?? 0);
    const size = sizes[index] ?? 0;
    objects.count(size);
    if (run.isDelta(index)) {
      const { header, instructions } = run.delta(index);
      deltas.addDelta(offset, instructions, header);
      continue;
    }
    const contentStart = contents[index] ?? 0;
    deltas.addWhole(offset, objects.place(run.type(index), slab, headerStart, contentStart, size));
    headerStart = contentStart + size;
  }
  window.consume(run.packedBytes);
  return count;
}
