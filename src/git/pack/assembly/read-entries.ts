// AssemblyScript, compiled by scripts/compile-wasm.js into ../read-entries-wasm.ts. Not part of the TypeScript program.
//
// Reads a pack's small entries (gitformat-pack) many at a time: their headers, and their contents inflated (RFC 1950
// and 1951). Node's zlib takes as long to be started for one of them as inflating it takes, and JavaScript is twice as
// slow. Whatever is out of the ordinary (cut off, damaged, large) ends the run and is left to the host's careful way:
// nothing here reports an error, and nothing it returns is unchecked.

/** The next bits of a code index a table; an entry is symbol × 16 + length of the code, 0 for a longer or no code. */
const literalBits: u32 = 9;
const distanceBits: u32 = 7;
const metaBits: u32 = 7;
const maxCodeBits: u32 = 15;

// A code takes four places: its table, how many codes there are of each length, the symbols in their codes' order.
const codeSize: usize = 2048;
const countsAt: usize = 1024;
const symbolsAt: usize = countsAt + 32;
const builtInLiterals: usize = 1024;
const builtInDistances: usize = builtInLiterals + codeSize;
const ownLiterals: usize = builtInDistances + codeSize;
const ownDistances: usize = ownLiterals + codeSize;
const metaCode: usize = ownDistances + codeSize;
const lengths: usize = metaCode + codeSize;
const offsets: usize = lengths + 512;

/** Where the memory begins that the host may use. */
export const heap: usize = 16384;

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

/** Names of the object types 1 to 4. */
const typeNames: usize = memory.data<u8>([
  99, 111, 109, 109, 105, 116, 32, 0, 116, 114, 101, 101, 32, 0, 0, 0, 98, 108, 111, 98, 32, 0, 0, 0, 116, 97, 103, 32,
  0, 0, 0, 0,
]);
const typeNameLengths: usize = memory.data<u8>([7, 5, 5, 4]);
const ofsDelta: u32 = 6;
const refDelta: u32 = 7;
const oidBytes: usize = 20;

/** A record's fields have 32 bits each: start, end of the header, end, type, size, object, base; one is unused. */
const recordBytes: usize = 32;

makeBuiltInCodes();

/**
 * Reads entries from `source` until one is not ordinary or room ends.
 *
 * Objects are written from `objects` on, each with the header that its id covers in front; deltas from `deltas` on.
 * A record's "object" is the place of the content, behind that header, or of the delta; its "base" is the distance of an ofs-delta's base,
 * or the place of a ref-delta's id in the source.
 * @returns the number of records
 */
export function readEntries(
  source: usize,
  sourceEnd: usize,
  objects: usize,
  objectsEnd: usize,
  deltas: usize,
  deltasEnd: usize,
  records: usize,
  maxRecords: u32,
): u32 {
  let count: u32 = 0;
  let at = source;
  let object = objects;
  let delta = deltas;
  for (let record = records; count < maxRecords; record += recordBytes) {
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
        base = at;
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
    store<u32>(record, <u32>start);
    store<u32>(record, <u32>at, 4);
    store<u32>(record, <u32>end, 8);
    store<u32>(record, type, 12);
    store<u32>(record, size, 16);
    store<u32>(record, <u32>target, 20);
    store<u32>(record, <u32>base, 24);
    at = end;
    count++;
  }
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

/** The entry of a code that is longer than the table's index; 0 when there is none. */
function findLongCode(bits: u64, code: usize): u32 {
  let value: i32 = 0;
  let first: i32 = 0;
  let index: i32 = 0;
  for (let length: u32 = 1; length <= maxCodeBits; length++) {
    value |= <i32>((bits >> (length - 1)) & 1);
    const count: i32 = load<u16>(code + countsAt + (length << 1));
    if (value - count < first) {
      return (<u32>load<u16>(code + symbolsAt + (<usize>(index + value - first) << 1)) << 4) | length;
    }
    index += count;
    first = (first + count) << 1;
    value <<= 1;
  }
  return 0;
}

/**
 * Makes a code of the lengths of its symbols' codes (section 3.2.2).
 * @param whole whether every sequence of bits has to be a code; otherwise a single code may leave bits unused
 */
function makeCode(code: usize, tableBits: u32, from: usize, symbolCount: u32, whole: bool): bool {
  const counts = code + countsAt;
  const symbols = code + symbolsAt;
  memory.fill(counts, 0, 32);
  for (let index: u32 = 0; index < symbolCount; index++) {
    const count = counts + (<usize>load<u8>(from + index) << 1);
    store<u16>(count, load<u16>(count) + 1);
  }
  const used = symbolCount - load<u16>(counts);
  store<u16>(counts, 0);
  let left: i32 = 1;
  let offset: u32 = 0;
  for (let length: u32 = 1; length <= maxCodeBits; length++) {
    const count: u32 = load<u16>(counts + (length << 1));
    left = (left << 1) - count;
    if (left < 0) return false;
    store<u16>(offsets + (length << 1), <u16>offset);
    offset += count;
  }
  if (left > 0 && (whole || used > 1 || (used == 1 && load<u16>(counts, 2) != 1))) return false;
  for (let symbol: u32 = 0; symbol < symbolCount; symbol++) {
    const length: u32 = load<u8>(from + symbol);
    if (length == 0) continue;
    const place = offsets + (length << 1);
    const index = load<u16>(place);
    store<u16>(symbols + (<usize>index << 1), <u16>symbol);
    store<u16>(place, index + 1);
  }

  const size: u32 = 1 << tableBits;
  memory.fill(code, 0, size << 1);
  let value: u32 = 0;
  let next = symbols;
  for (let length: u32 = 1; length <= tableBits; length++) {
    for (let count: u32 = load<u16>(counts + (length << 1)); count > 0; count--) {
      const entry = <u16>((<u32>load<u16>(next) << 4) | length);
      next += 2;
      for (let slot = reverse(value, length); slot < size; slot += 1 << length) {
        store<u16>(code + (<usize>slot << 1), entry);
      }
      value++;
    }
    value <<= 1;
  }
  return true;
}

/** The codes that deflate has built in (section 3.2.6). */
function makeBuiltInCodes(): void {
  memory.fill(lengths, 8, 144);
  memory.fill(lengths + 144, 9, 112);
  memory.fill(lengths + 256, 7, 24);
  memory.fill(lengths + 280, 8, 8);
  makeCode(builtInLiterals, literalBits, lengths, 288, false);
  memory.fill(lengths, 5, 32);
  makeCode(builtInDistances, distanceBits, lengths, 32, false);
}

/** Codes stand in the stream with their highest bit first, everything else with its lowest. */
function reverse(value: u32, count: u32): u32 {
  value = ((value & 0x5555) << 1) | ((value >> 1) & 0x5555);
  value = ((value & 0x3333) << 2) | ((value >> 2) & 0x3333);
  value = ((value & 0x0f0f) << 4) | ((value >> 4) & 0x0f0f);
  value = ((value & 0x00ff) << 8) | ((value >> 8) & 0x00ff);
  return value >> (16 - count);
}
