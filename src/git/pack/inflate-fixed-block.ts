/** Decodes up to nine bits at once: symbol × 16 + length of its code (RFC 1951, section 3.2.6). */
const symbols = new Uint16Array(512);
/** RFC 1951, section 3.2.5: least length or distance of a symbol, and how many bits more follow. */
const lengthBases: number[] = [];
const lengthBits: number[] = [];
const distanceBases: number[] = [];
const distanceBits: number[] = [];

const firstLengthSymbol = 257;
const endOfBlock = 256;
const distanceSymbols = 30;
const adlerModulus = 65521;
const checksumBytes = 4;
/** Neither sum outgrows an integer within this many bytes. */
const bytesPerModulus = 3800;

fillTables();

/**
 * Inflates a zlib stream that is a single block with the codes that deflate has built in: most deltas and small files
 * are. Starting zlib for one of them takes ten times as long.
 * @returns how many bytes of `source` it took; -1 for anything else, whether other, damaged or cut off: ask zlib
 */
export function inflateFixedBlock(source: Uint8Array, target: Uint8Array): number {
  const method = source[0] ?? 0;
  const flags = source[1] ?? 0;
  const isZlib = (method & 0x8f) === 0x08 && ((method << 8) | flags) % 31 === 0 && (flags & 0x20) === 0;
  // Last block, built-in codes.
  if (!isZlib || ((source[2] ?? 0) & 7) !== 3) return -1;

  const size = target.length;
  let written = 0;
  let position = 3;
  let bits = (source[2] ?? 0) >> 3;
  let bitCount = 5;
  for (;;) {
    for (; bitCount < 14; bitCount += 8) bits |= (source[position++] ?? 0) << bitCount;
    const entry = symbols[bits & 511] ?? 0;
    bits >>>= entry & 15;
    bitCount -= entry & 15;
    const symbol = entry >> 4;
    if (symbol < endOfBlock) {
      if (written === size) return -1;
      target[written++] = symbol;
      continue;
    }
    if (symbol === endOfBlock) break;

    const length = lengthBases[symbol - firstLengthSymbol];
    const moreLength = lengthBits[symbol - firstLengthSymbol];
    if (length === undefined || moreLength === undefined) return -1;
    const end = written + length + (bits & ((1 << moreLength) - 1));
    bits >>>= moreLength;
    bitCount -= moreLength;

    for (; bitCount < 18; bitCount += 8) bits |= (source[position++] ?? 0) << bitCount;
    const code = reverse(bits & 31, 5);
    const distance = distanceBases[code];
    const moreDistance = distanceBits[code];
    if (distance === undefined || moreDistance === undefined) return -1;
    bits >>>= 5;
    const back = distance + (bits & ((1 << moreDistance) - 1));
    bits >>>= moreDistance;
    bitCount -= 5 + moreDistance;
    if (back > written || end > size) return -1;
    for (; written < end; written++) target[written] = target[written - back] ?? 0;
  }
  // Bytes that were taken ahead.
  position -= bitCount >> 3;
  const complete = written === size && position + checksumBytes <= source.length;
  return complete && readChecksum(source, position) === adler32(target) ? position + checksumBytes : -1;
}

function adler32(bytes: Uint8Array): number {
  let sum = 1;
  let sumOfSums = 0;
  for (let at = 0; at < bytes.length; ) {
    for (const end = Math.min(bytes.length, at + bytesPerModulus); at < end; at++) {
      sum += bytes[at] ?? 0;
      sumOfSums += sum;
    }
    sum %= adlerModulus;
    sumOfSums %= adlerModulus;
  }
  return sumOfSums * 0x10000 + sum;
}

function readChecksum(source: Uint8Array, position: number): number {
  let checksum = 0;
  for (let at = position; at < position + checksumBytes; at++) checksum = checksum * 256 + (source[at] ?? 0);
  return checksum;
}

function fillTables(): void {
  const codes: [firstSymbol: number, lastSymbol: number, firstCode: number, length: number][] = [
    [0, 143, 0b00110000, 8],
    [144, 255, 0b110010000, 9],
    [256, 279, 0, 7],
    [280, 287, 0b11000000, 8],
  ];
  for (const [first, last, firstCode, length] of codes) {
    for (let symbol = first; symbol <= last; symbol++) {
      const code = reverse(firstCode + symbol - first, length);
      for (let bits = code; bits < symbols.length; bits += 1 << length)
        symbols[bits] = (symbol << 4) | length;
    }
  }
  for (let symbol = 0, base = 3; symbol < 28; symbol++) {
    const more = symbol < 8 ? 0 : (symbol >> 2) - 1;
    lengthBases.push(base);
    lengthBits.push(more);
    base += 1 << more;
  }
  lengthBases.push(258);
  lengthBits.push(0);
  for (let symbol = 0, base = 1; symbol < distanceSymbols; symbol++) {
    const more = symbol < 4 ? 0 : (symbol >> 1) - 1;
    distanceBases.push(base);
    distanceBits.push(more);
    base += 1 << more;
  }
}

/** Codes stand in the stream with their highest bit first, everything else with its lowest. */
function reverse(bits: number, count: number): number {
  let reversed = 0;
  for (let bit = 0; bit < count; bit++) reversed |= ((bits >> bit) & 1) << (count - 1 - bit);
  return reversed;
}
