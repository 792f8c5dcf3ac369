// Inflates zlib streams (RFC 1950 and 1951) from memory to memory.
import {
  builtInDistances,
  builtInLiterals,
  distanceBits,
  findLongCode,
  given,
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
 * Inflates a zlib stream that makes exactly `size` bytes; up to seven behind them are written over.
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
      const metaEnd = given + (19 << 1);
      for (let at = given; at < metaEnd; at += 2) store<u16>(at, 0);
      for (let index: u32 = 0; index < metaCount; index++) {
        if (count < 3) {
          bits |= load<u64>(at) << count;
          at += (63 - count) >> 3;
          count |= 56;
        }
        const symbol: u32 = load<u8>(metaOrder + index);
        const length = <u32>bits & 7;
        if (length > 0) store<u16>(given + (symbol << 1), <u16>((symbol << 4) | length));
        bits >>= 3;
        count -= 3;
      }
      if (!makeCode(metaCode, metaBits, given, withoutGaps(given, metaEnd), true)) return 0;
      const total = literalCount + distanceCount;
      let end = given;
      let distancesFrom: usize = 0;
      let length: u32 = 0;
      let hasEnd = false;
      for (let index: u32 = 0; index < total; ) {
        bits |= load<u64>(at) << count;
        at += (63 - count) >> 3;
        count |= 56;
        const entry: u32 = load<u16>(metaCode + (<usize>(bits & ((1 << metaBits) - 1)) << 1));
        if (entry == 0) return 0;
        bits >>= entry & 15;
        count -= entry & 15;
        const symbol = entry >> 4;
        let times: u32 = 1;
        if (symbol < 16) length = symbol;
        else {
          if (index == 0 && symbol == 16) return 0;
          const more: u32 = symbol == 16 ? 2 : symbol == 17 ? 3 : 7;
          times = (symbol == 18 ? 11 : 3) + (<u32>bits & ((1 << more) - 1));
          bits >>= more;
          count -= more;
          if (symbol != 16) length = 0;
          if (index + times > total) return 0;
        }
        if (length == 0) {
          index += times;
          continue;
        }
        for (const stop = index + times; index < stop; index++, end += 2) {
          if (index < literalCount) {
            if (index == endOfBlock) hasEnd = true;
            store<u16>(end, <u16>((index << 4) | length));
          } else {
            if (distancesFrom == 0) distancesFrom = end;
            store<u16>(end, <u16>(((index - literalCount) << 4) | length));
          }
        }
      }
      if (at > sourceEnd + readAhead || !hasEnd) return 0;
      if (distancesFrom == 0) distancesFrom = end;
      if (!makeCode(literals, literalBits, given, distancesFrom, false)) return 0;
      if (!makeCode(distances, distanceBits, distancesFrom, end, false)) return 0;
    }

    for (;;) {
      // A length and its distance take 48 bits at most, and so many literals whose codes the table has no more than 45.
      bits |= load<u64>(at) << count;
      at += (63 - count) >> 3;
      count |= 56;
      let entry: u32 = load<u16>(literals + (<usize>(bits & ((1 << literalBits) - 1)) << 1));
      let taken = 0;
      while (taken < 5 && entry != 0 && entry < endOfBlock << 4) {
        if (out == stop) return 0;
        bits >>= entry & 15;
        count -= entry & 15;
        store<u8>(out++, <u8>(entry >> 4));
        entry = load<u16>(literals + (<usize>(bits & ((1 << literalBits) - 1)) << 1));
        taken++;
      }
      if (taken > 0) {
        if (taken == 5) continue;
        bits |= load<u64>(at) << count;
        at += (63 - count) >> 3;
        count |= 56;
      }
      if (entry == 0) entry = findLongCode(bits, literals);
      if (entry == 0) return 0;
      bits >>= entry & 15;
      count -= entry & 15;
      let symbol = entry >> 4;
      if (symbol < endOfBlock) {
        if (out == stop) return 0;
        store<u8>(out++, <u8>symbol);
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
      let from = out - distance;
      if (distance >= 8) {
        // What is written too far is written over, or has room behind.
        for (; out < end; out += 8, from += 8) store<u64>(out, load<u64>(from));
        out = end;
      } else {
        while (out < end) store<u8>(out++, load<u8>(from++));
      }
    }
  }
  // Bytes that were taken ahead.
  at -= count >> 3;
  if (out != stop || at + 4 > sourceEnd) return 0;
  return bswap<u32>(load<u32>(at)) == adler32(target, stop) ? at + 4 : 0;
}

/** Moves entries together where zeros are between them. */
function withoutGaps(from: usize, to: usize): usize {
  let end = from;
  for (let at = from; at < to; at += 2) {
    const entry = load<u16>(at);
    store<u16>(end, entry);
    if (entry != 0) end += 2;
  }
  return end;
}

function adler32(start: usize, end: usize): u32 {
  let sum: u32 = 1;
  let sumOfSums: u32 = 0;
  for (let at = start; at < end; ) {
    const pause = min(end, at + bytesPerModulus);
    for (; at + 8 <= pause; at += 8) {
      const even = load<u64>(at) & 0x00ff00ff00ff00ff;
      const odd = (load<u64>(at) >> 8) & 0x00ff00ff00ff00ff;
      // The upper lane of a product adds up all four lanes, each as many times as it is still to be counted.
      sumOfSums += (sum << 3) + <u32>((even * 0x0008000600040002 + odd * 0x0007000500030001) >> 48);
      sum += <u32>(((even + odd) * 0x0001000100010001) >> 48);
    }
    for (; at < pause; at++) {
      sum += load<u8>(at);
      sumOfSums += sum;
    }
    sum %= adlerModulus;
    sumOfSums %= adlerModulus;
  }
  return (sumOfSums << 16) | sum;
}
