// The codes of deflate (RFC 1951, section 3.2): where they stand in memory, and how they are made.

/** The next bits of a code index a table; an entry is symbol × 16 + length of the code, 0 for a longer or no code. */
export const literalBits: u32 = 9;
export const distanceBits: u32 = 7;
export const metaBits: u32 = 7;
const maxCodeBits: u32 = 15;

// A code takes three places: its table, how many codes there are of each length, and its entries in their codes' order.
const codeSize: usize = 2048;
const countsAt: usize = 1024;
const entriesAt: usize = countsAt + 32;
export const builtInLiterals: usize = 1024;
export const builtInDistances: usize = builtInLiterals + codeSize;
export const ownLiterals: usize = builtInDistances + codeSize;
export const ownDistances: usize = ownLiterals + codeSize;
export const metaCode: usize = ownDistances + codeSize;
/** Room for the entries that a code is made of. */
export const given: usize = metaCode + codeSize;
const places: usize = given + 768;

/** The entry of a code that is longer than the table's index; 0 when there is none. */
export function findLongCode(bits: u64, code: usize): u32 {
  let value: i32 = 0;
  let first: i32 = 0;
  let index: i32 = 0;
  for (let length: u32 = 1; length <= maxCodeBits; length++) {
    value |= <i32>((bits >> (length - 1)) & 1);
    const count: i32 = load<u16>(code + countsAt + (length << 1));
    if (value - count < first) return load<u16>(code + entriesAt + (<usize>(index + value - first) << 1));
    index += count;
    first = (first + count) << 1;
    value <<= 1;
  }
  return 0;
}

/**
 * Makes a code (section 3.2.2) of the entries from `from` to `to`, of symbols in their order.
 * @param whole whether every sequence of bits has to be a code; otherwise a single code may leave bits unused
 */
export function makeCode(code: usize, tableBits: u32, from: usize, to: usize, whole: bool): bool {
  const counts = code + countsAt;
  for (let at: usize = 0; at < 32; at += 8) store<u64>(counts + at, 0);
  for (let at = from; at < to; at += 2) {
    const count = counts + (<usize>(load<u8>(at) & 15) << 1);
    store<u16>(count, load<u16>(count) + 1);
  }
  let left: i32 = 1;
  let next: u32 = 0;
  for (let length: usize = 2; length <= maxCodeBits << 1; length += 2) {
    const count: u32 = load<u16>(counts + length);
    left = (left << 1) - count;
    if (left < 0) return false;
    store<u16>(places + length, <u16>next);
    next += count << 1;
  }
  if (left > 0 && (whole || next > 2 || (next == 2 && load<u16>(counts, 2) != 1))) return false;
  const entries = code + entriesAt;
  for (let at = from; at < to; at += 2) {
    const entry = load<u16>(at);
    const place = places + (<usize>(entry & 15) << 1);
    const end: u32 = load<u16>(place);
    store<u16>(entries + end, entry);
    store<u16>(place, <u16>(end + 2));
  }
  fillTable(code, tableBits, entries, entries + next);
  return true;
}

/**
 * Writes a code's entries to all places of the table whose index ends with the code. For codes one bit longer the table
 * so far is written a second time behind itself.
 */
function fillTable(table: usize, tableBits: u32, from: usize, to: usize): void {
  store<u32>(table, 0);
  let length: u32 = 1;
  let bytes: usize = 4;
  // The present code, with its bits in the stream's order.
  let value: u32 = 0;
  for (let at = from; at < to; at += 2) {
    const entry = load<u16>(at);
    for (; length < <u32>(entry & 15); length++) {
      if (length == tableBits) return;
      double(table, bytes);
      bytes <<= 1;
    }
    store<u16>(table + (<usize>value << 1), entry);
    // One more: what is carried goes down from the highest bit.
    const unset = ~value & ((1 << length) - 1);
    if (unset == 0) break;
    const bit: u32 = 0x80000000 >>> clz(unset);
    value = (value & (bit - 1)) | bit;
  }
  for (; length < tableBits; length++) {
    double(table, bytes);
    bytes <<= 1;
  }
}

/** What eight bytes at a time write too far is written over by the next call. */
@inline
function double(table: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 8) store<u64>(table + bytes + at, load<u64>(table + at));
}

/** The codes that deflate has built in (section 3.2.6). */
export function makeBuiltInCodes(): void {
  let end = given;
  for (let symbol: u32 = 0; symbol < 288; symbol++, end += 2) {
    const length = symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8;
    store<u16>(end, <u16>((symbol << 4) | length));
  }
  makeCode(builtInLiterals, literalBits, given, end, false);
  end = given;
  for (let symbol: u32 = 0; symbol < 32; symbol++, end += 2) store<u16>(end, <u16>((symbol << 4) | 5));
  makeCode(builtInDistances, distanceBits, given, end, false);
}
