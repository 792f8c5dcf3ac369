import type { DeltaResolver } from './delta-resolver.js';
import { objectTypes, oidBytes, refDelta } from './entry-header.js';
import type { PackObjects } from './pack-objects.js';
import type { PackWindow } from './pack-window.js';
import { readSmallEntries, recordField, recordFields } from './small-entries.js';

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
  const small = readSmallEntries(window, atMost);
  const { count, records, memory } = small;
  const numbers = count * recordFields;
  let objectsEnd = small.objects;
  let deltasEnd = small.deltas;
  for (let record = 0; record < numbers; record += recordFields) {
    const size = records[record + recordField.size] ?? 0;
    const end = (records[record + recordField.content] ?? 0) + size;
    if (isObject(records, record)) objectsEnd = end;
    else deltasEnd = end;
  }
  // The memory is used again by the next call.
  const slab = copyOf(memory, small.objects, objectsEnd);
  const instructions = copyOf(memory, small.deltas, deltasEnd);
  const packStart = window.offset - small.source;
  let headerStart = 0;
  let end = small.source;
  for (let record = 0; record < numbers; record += recordFields) {
    const offset = packStart + (records[record + recordField.start] ?? 0);
    const size = records[record + recordField.size] ?? 0;
    const content = records[record + recordField.content] ?? 0;
    const type = records[record + recordField.type] ?? 0;
    end = records[record + recordField.end] ?? 0;
    objects.count(size);
    const objectType = objectTypes[type];
    if (objectType !== undefined) {
      const contentStart = content - small.objects;
      deltas.addWhole(offset, objects.place(objectType, slab, headerStart, contentStart, size));
      headerStart = contentStart + size;
    } else {
      const base = records[record + recordField.base] ?? 0;
      const start = content - small.deltas;
      deltas.addDelta(offset, instructions.subarray(start, start + size), {
        baseOffset: type === refDelta ? null : offset - base,
        baseOid: type === refDelta ? memory.toString('hex', base, base + oidBytes) : null,
      });
    }
  }
  window.consume(end - small.source);
  return count;
}

function isObject(records: Uint32Array, record: number): boolean {
  return objectTypes[records[record + recordField.type] ?? 0] !== undefined;
}

function copyOf(memory: Buffer, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(end - start);
  memory.copy(copy, 0, start, end);
  return copy;
}
