// Inflates zlib streams (RFC 1950 and 1951) from memory to memory.
import {
  builtInDistances,
  builtInLiterals,
  distanceBits,
  findLongCode,
  lengths,
  literalBits,
  makeCode,
  metaBits,
  metaCode,
  ownDistances,
  ownLiterals,
} from './codes';

/** RFC 1951, section 3.2.5: least length or distance of a symbol, and how many bits more follow. */
const lengthBases: usize = memory.data<u16>([
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
]);
const lengthExtras: usize = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
]);
const distanceBases: usize = memory.data<u16>([
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577,
]);
const distanceExtras: usize = memory.data<u8>([
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
]);
/** Lengths of the codes that lengths of codes are written in come in this order (section 3.2.7). */
const metaOrder: usize = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);

const endOfBlock: u32 = 256;
const firstLengthSymbol: u32 = 257;
const adlerModulus: u32 = 65521;
/** Neither sum outgrows 32 bits within this many bytes. */
const bytesPerModulus: usize = 3800;
/** The reader takes up to eight bytes ahead. */
const readAhead: usize = 8;

/**
 * Inflates a zlib stream that makes exactly `size` bytes.
 * @returns the end of the stream, or 0
 */
export function inflate(source: usize, sourceEnd: usize, target: usize, size: usize): usize {
  if (source + 8 > sourceEnd) return 0;
  const method: u32 = load<u8>(source);
  const flags: u32 = load<u8>(source, 1);
  if ((method & 0x8f) != 8 || ((method << 8) | flags) % 31 != 0 || (flags & 0x20) != 0) return 0;
  const stop = target + size;
  let out = target;
  let at = source + 2;
  let bits: u64 = 0;
  let count: u32 = 0;
  for (let last = false; !last; ) {
    if (at > sourceEnd + readAhead) return 0;
    // Fills up to 56 bits and more.
    bits |= load<u64>(at) << count;
    at += (63 - count) >> 3;
    count |= 56;
    last = (bits & 1) != 0;
    const kind = <u32>(bits >> 1) & 3;
    bits >>= 3;
    count -= 3;
    let literals = builtInLiterals;
    let distances = builtInDistances;
    if (kind == 0) {
      at -= count >> 3;
      bits = 0;
      count = 0;
      if (at + 4 > sourceEnd) return 0;
      const length: usize = load<u16>(at);
      if ((length ^ 0xffff) != load<u16>(at, 2)) return 0;
      at += 4;
      if (at + length > sourceEnd || out + length > stop) return 0;
      memory.copy(out, at, length);
      out += length;
      at += length;
      continue;
    }
    if (kind == 3) return 0;
    if (kind == 2) {
      literals = ownLiterals;
      distances = ownDistances;
      const literalCount = (<u32>bits & 31) + 257;
      const distanceCount = (<u32>(bits >> 5) & 31) + 1;
      const metaCount = (<u32>(bits >> 10) & 15) + 4;
      bits >>= 14;
      count -= 14;
      if (literalCount > 286 || distanceCount > 30) return 0;
      memory.fill(lengths, 0, 19);
      for (let index: u32 = 0; index < metaCount; index++) {
        if (count < 3) {
          bits |= load<u64>(at) << count;
          at += (63 - count) >> 3;
          count |= 56;
        }
        store<u8>(lengths + load<u8>(metaOrder + index), <u8>(bits & 7));
        bits >>= 3;
        count -= 3;
      }
      if (!makeCode(metaCode, metaBits, lengths, 19, true)) return 0;
      const total = literalCount + distanceCount;
      for (let index: u32 = 0; index < total; ) {
        bits |= load<u64>(at) << count;
        at += (63 - count) >> 3;
        count |= 56;
        const entry: u32 = load<u16>(metaCode + (<usize>(bits & ((1 << metaBits) - 1)) << 1));
        if (entry == 0) return 0;
        bits >>= entry & 15;
        count -= entry & 15;
        const symbol = entry >> 4;
        if (symbol < 16) {
          store<u8>(lengths + index++, <u8>symbol);
          continue;
        }
        if (symbol == 16 && index == 0) return 0;
        const more: u32 = symbol == 16 ? 2 : symbol == 17 ? 3 : 7;
        const times = (symbol == 18 ? 11 : 3) + (<u32>bits & ((1 << more) - 1));
        bits >>= more;
        count -= more;
        if (index + times > total) return 0;
        memory.fill(lengths + index, symbol == 16 ? load<u8>(lengths + index - 1) : 0, times);
        index += times;
      }
      if (at > sourceEnd + readAhead || load<u8>(lengths, endOfBlock) == 0) return 0;
      if (!makeCode(literals, literalBits, lengths, literalCount, false)) return 0;
      if (!makeCode(distances, distanceBits, lengths + literalCount, distanceCount, false)) return 0;
    }

    for (;;) {
      // A length and its distance take 48 bits at most, two literals before them never more than 8 beyond that: each
      // of the two is looked up only where its code is short.
      bits |= load<u64>(at) << count;
      at += (63 - count) >> 3;
      count |= 56;
      let entry: u32 = load<u16>(literals + (<usize>(bits & ((1 << literalBits) - 1)) << 1));
      if (entry == 0) entry = findLongCode(bits, literals);
      if (entry == 0) return 0;
      bits >>= entry & 15;
      count -= entry & 15;
      let symbol = entry >> 4;
      if (symbol < endOfBlock) {
        if (out == stop) return 0;
        store<u8>(out++, <u8>symbol);
        for (let more = 0; more < 3; more++) {
          entry = load<u16>(literals + (<usize>(bits & ((1 << literalBits) - 1)) << 1));
          if (entry == 0 || entry >> 4 >= endOfBlock) break;
          if (out == stop) return 0;
          bits >>= entry & 15;
          count -= entry & 15;
          store<u8>(out++, <u8>(entry >> 4));
        }
        continue;
      }
      if (symbol == endOfBlock) break;
      symbol -= firstLengthSymbol;
      if (symbol >= 29 || at > sourceEnd + readAhead) return 0;
      let more: u32 = load<u8>(lengthExtras + symbol);
      const length: usize = load<u16>(lengthBases + (symbol << 1)) + (<u32>bits & ((1 << more) - 1));
      bits >>= more;
      count -= more;

      entry = load<u16>(distances + (<usize>(bits & ((1 << distanceBits) - 1)) << 1));
      if (entry == 0) entry = findLongCode(bits, distances);
      if (entry == 0) return 0;
      bits >>= entry & 15;
      count -= entry & 15;
      symbol = entry >> 4;
      if (symbol >= 30) return 0;
      more = load<u8>(distanceExtras + symbol);
      const distance: usize = load<u16>(distanceBases + (symbol << 1)) + (<u32>bits & ((1 << more) - 1));
      bits >>= more;
      count -= more;
      if (distance > out - target || out + length > stop) return 0;
      const end = out + length;
      // Most are too short for a call to be worth it.
      if (length > 32 && distance >= length) {
        memory.copy(out, out - distance, length);
        out = end;
      } else {
        for (let from = out - distance; out < end; ) store<u8>(out++, load<u8>(from++));
      }
    }
  }
  // Bytes that were taken ahead.
  at -= count >> 3;
  if (out != stop || at + 4 > sourceEnd) return 0;
  return bswap<u32>(load<u32>(at)) == adler32(target, stop) ? at + 4 : 0;
}

function adler32(start: usize, end: usize): u32 {
  let sum: u32 = 1;
  let sumOfSums: u32 = 0;
  for (let at = start; at < end; ) {
    for (const pause = min(end, at + bytesPerModulus); at < pause; ) {
      sum += load<u8>(at++);
      sumOfSums += sum;
    }
    sum %= adlerModulus;
    sumOfSums %= adlerModulus;
  }
  return (sumOfSums << 16) | sum;
}
