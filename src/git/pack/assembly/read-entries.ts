// AssemblyScript, compiled by scripts/compile-wasm.js into ../read-entries-wasm.ts. Not part of the TypeScript program.
//
// Reads a pack's small entries (gitformat-pack) many at a time: their headers, and their contents inflated (RFC 1950
// and 1951). Node's zlib takes as long to be started for one of them as inflating it takes, and JavaScript is twice as
// slow. Whatever is out of the ordinary (cut off, damaged, large) ends the run and is left to the host's careful way:
// nothing here reports an error, and nothing it returns is unchecked.
import { makeBuiltInCodes } from './codes';
import { inflate } from './inflate';

export { inflate };

/** Where the memory begins that the host may use. */
export const heap: usize = 16384;

/** Names of the object types 1 to 4. */
const typeNames: usize = memory.data<u8>([
  99, 111, 109, 109, 105, 116, 32, 0, 116, 114, 101, 101, 32, 0, 0, 0, 98, 108, 111, 98, 32, 0, 0, 0, 116, 97, 103, 32,
  0, 0, 0, 0,
]);
const typeNameLengths: usize = memory.data<u8>([7, 5, 5, 4]);
const ofsDelta: u32 = 6;
const refDelta: u32 = 7;
const oidBytes: usize = 20;

/** How many bytes of objects and of deltas the last call wrote. */
export let objectBytes: u32 = 0;
export let deltaBytes: u32 = 0;

makeBuiltInCodes();

/**
 * Reads entries from `source` until one is not ordinary or room ends.
 *
 * Objects are written from `objects` on, each with the header that its id covers in front; deltas from `deltas` on.
 * Behind the end of either, eight bytes may be written over.
 *
 * What is said of an entry stands in seven columns of words, `columnBytes` apart: where it starts, where its header
 * ends and where it ends, counted from `source`; its type; its size; where its content begins, counted from `objects`,
 * or a delta, from `deltas`; the distance of an ofs-delta's base, or where a ref-delta's base is named, counted from
 * `source`.
 * @returns the number of entries
 */
export function readEntries(
  source: usize,
  sourceEnd: usize,
  objects: usize,
  objectsEnd: usize,
  deltas: usize,
  deltasEnd: usize,
  columns: usize,
  columnBytes: usize,
  maxEntries: u32,
): u32 {
  let count: u32 = 0;
  let at = source;
  let object = objects;
  let delta = deltas;
  for (let cell = columns; count < maxEntries; cell += 4) {
    const start = at;
    if (at + 32 > sourceEnd) break;
    let byte: u32 = load<u8>(at++);
    const type = (byte >> 4) & 7;
    let size: u32 = byte & 15;
    // Larger sizes than three bytes can tell are not for here.
    if (byte & 0x80) {
      byte = load<u8>(at++);
      size |= (byte & 0x7f) << 4;
      if (byte & 0x80) {
        byte = load<u8>(at++);
        size |= (byte & 0x7f) << 11;
        if (byte & 0x80) break;
      }
    }
    let base: usize = 0;
    let target: usize = 0;
    if (type >= 1 && type <= 4) {
      if (object + 16 + size > objectsEnd) break;
      target = writeHeader(object, type, size);
    } else if (type == ofsDelta || type == refDelta) {
      if (delta + size > deltasEnd) break;
      target = delta;
      if (type == refDelta) {
        base = at - source;
        at += oidBytes;
      } else {
        byte = load<u8>(at++);
        base = byte & 0x7f;
        let bytes = 1;
        while (byte & 0x80 && bytes < 4) {
          byte = load<u8>(at++);
          base = ((base + 1) << 7) | (byte & 0x7f);
          bytes++;
        }
        if (byte & 0x80) break;
      }
    } else break;
    const end = inflate(at, sourceEnd, target, size);
    if (end == 0) break;
    if (type >= 5) delta = target + size;
    else object = target + size;
    store<u32>(cell, <u32>(start - source));
    store<u32>(cell + columnBytes, <u32>(at - source));
    store<u32>(cell + columnBytes * 2, <u32>(end - source));
    store<u32>(cell + columnBytes * 3, type);
    store<u32>(cell + columnBytes * 4, size);
    store<u32>(cell + columnBytes * 5, <u32>(target - (type >= 5 ? deltas : objects)));
    store<u32>(cell + columnBytes * 6, <u32>base);
    at = end;
    count++;
  }
  objectBytes = <u32>(object - objects);
  deltaBytes = <u32>(delta - deltas);
  return count;
}

/** Writes `blob 12\0`. */
function writeHeader(at: usize, type: u32, size: u32): usize {
  memory.copy(at, typeNames + ((type - 1) << 3), 8);
  at += load<u8>(typeNameLengths + type - 1);
  let divisor: u32 = 1;
  while (size / divisor >= 10) divisor *= 10;
  for (; divisor > 0; divisor /= 10) store<u8>(at++, <u8>(48 + ((size / divisor) % 10)));
  store<u8>(at++, 0);
  return at;
}
