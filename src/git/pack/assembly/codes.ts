// The codes of deflate (RFC 1951, section 3.2): where they stand in memory, and how they are made.

/** The next bits of a code index a table; an entry is symbol × 16 + length of the code, 0 for a longer or no code. */
export const literalBits: u32 = 9;
export const distanceBits: u32 = 7;
export const metaBits: u32 = 7;
const maxCodeBits: u32 = 15;

// A code takes four places: its table, how many codes there are of each length, the symbols in their codes' order.
const codeSize: usize = 2048;
const countsAt: usize = 1024;
const symbolsAt: usize = countsAt + 32;
export const builtInLiterals: usize = 1024;
export const builtInDistances: usize = builtInLiterals + codeSize;
export const ownLiterals: usize = builtInDistances + codeSize;
export const ownDistances: usize = ownLiterals + codeSize;
export const metaCode: usize = ownDistances + codeSize;
export const lengths: usize = metaCode + codeSize;
const offsets: usize = lengths + 512;

/** The entry of a code that is longer than the table's index; 0 when there is none. */
export function findLongCode(bits: u64, code: usize): u32 {
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
export function makeCode(code: usize, tableBits: u32, from: usize, symbolCount: u32, whole: bool): bool {
  const counts = code + countsAt;
  const symbols = code + symbolsAt;
  memory.fill(counts, 0, 32);
  for (let index: u32 = 0; index < symbolCount; ) {
    if (areUnused(from, index, symbolCount)) {
      store<u16>(counts, load<u16>(counts) + 8);
      index += 8;
      continue;
    }
    for (const stop = min(index + 8, symbolCount); index < stop; index++) {
      const count = counts + (<usize>load<u8>(from + index) << 1);
      store<u16>(count, load<u16>(count) + 1);
    }
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
  for (let symbol: u32 = 0; symbol < symbolCount; ) {
    if (areUnused(from, symbol, symbolCount)) {
      symbol += 8;
      continue;
    }
    for (const stop = min(symbol + 8, symbolCount); symbol < stop; symbol++) {
      const length: u32 = load<u8>(from + symbol);
      if (length == 0) continue;
      const place = offsets + (length << 1);
      const index = load<u16>(place);
      store<u16>(symbols + (<usize>index << 1), <u16>symbol);
      store<u16>(place, index + 1);
    }
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
export function makeBuiltInCodes(): void {
  memory.fill(lengths, 8, 144);
  memory.fill(lengths + 144, 9, 112);
  memory.fill(lengths + 256, 7, 24);
  memory.fill(lengths + 280, 8, 8);
  makeCode(builtInLiterals, literalBits, lengths, 288, false);
  memory.fill(lengths, 5, 32);
  makeCode(builtInDistances, distanceBits, lengths, 32, false);
}

/** Whether eight symbols have no code: of the bytes that there are, a text uses few. */
@inline
function areUnused(from: usize, symbol: u32, symbolCount: u32): bool {
  return symbol + 8 <= symbolCount && load<u64>(from + symbol) == 0;
}

/** Codes stand in the stream with their highest bit first, everything else with its lowest. */
function reverse(value: u32, count: u32): u32 {
  value = ((value & 0x5555) << 1) | ((value >> 1) & 0x5555);
  value = ((value & 0x3333) << 2) | ((value >> 2) & 0x3333);
  value = ((value & 0x0f0f) << 4) | ((value >> 4) & 0x0f0f);
  value = ((value & 0x00ff) << 8) | ((value >> 8) & 0x00ff);
  return value >> (16 - count);
}
