import type { DeltaResolver } from './delta-resolver.js';
import type { PackObjects } from './pack-objects.js';
import type { PackWindow } from './pack-window.js';
import { readSmallEntries } from './small-entries.js';

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
  const entries = readSmallEntries(window, atMost);
  for (const entry of entries) {
    const { offset, type, slab, headerStart, contentStart, size } = entry;
    objects.count(size);
    if (type === 'delta') {
      deltas.addDelta(offset, slab.subarray(contentStart, contentStart + size), entry);
    } else {
      deltas.addWhole(offset, objects.place(type, slab, headerStart, contentStart, size));
    }
    window.consume(entry.packedBytes);
  }
  return entries.length;
}
