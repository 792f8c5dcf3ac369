/** One copy instruction can name at most this many bytes in pack version 2; longer runs take several. */
const maxCopyBytes = 0xffffff;
const maxInsertBytes = 0x7f;

/**
 * Delta instructions that turn one tree into its next version, or null when they would not pay. Both are sorted the
 * same way, so one walk over their lines finds every run they share; no search is needed.
 */
export function deltaBetweenTrees(base: Uint8Array, target: Uint8Array): Buffer | null {
  const writer = new DeltaWriter(base.length, target);
  let from = 0;
  let to = 0;
  while (to < target.length) {
    const run = sharedLines(base, from, target, to);
    if (run > 0) {
      writer.copy(from, run);
      from += run;
      to += run;
      continue;
    }
    const toNext = nextLine(target, to);
    const fromNext = from < base.length ? nextLine(base, from) : from;
    const order = from < base.length ? compareNames(base, from, target, to) : 1;
    if (order <= 0) from = fromNext;
    if (order >= 0) {
      writer.insert(to, toNext);
      to = toNext;
    }
  }
  const delta = writer.finish();
  return delta.length < target.length / 2 ? delta : null;
}

/** Length of the whole lines both sides share from here on. */
function sharedLines(base: Uint8Array, from: number, target: Uint8Array, to: number): number {
  let shared = 0;
  while (from + shared < base.length && to + shared < target.length) {
    const next = nextLine(base, from + shared) - from;
    if (to + next > target.length) break;
    const same = Buffer.compare(
      base.subarray(from + shared, from + next),
      target.subarray(to + shared, to + next),
    );
    if (same !== 0) break;
    shared = next;
  }
  return shared;
}

function nextLine(tree: Uint8Array, at: number): number {
  return tree.indexOf(0, at) + 21;
}

function compareNames(base: Uint8Array, from: number, target: Uint8Array, to: number): number {
  return Buffer.compare(nameKey(base, from), nameKey(target, to));
}

/** The name as git sorts it; mode `40000` is the only one that starts with a 4. */
function nameKey(tree: Uint8Array, at: number): Uint8Array {
  const name = tree.subarray(tree.indexOf(0x20, at) + 1, tree.indexOf(0, at));
  return tree[at] === 0x34 ? Buffer.concat([name, Buffer.from('/')]) : name;
}

class DeltaWriter {
  readonly #parts: Buffer[];
  readonly #target: Uint8Array;
  #pendingStart = 0;
  #pendingEnd = 0;

  constructor(baseLength: number, target: Uint8Array) {
    this.#parts = [sizeVarint(baseLength), sizeVarint(target.length)];
    this.#target = target;
  }

  insert(start: number, end: number): void {
    if (this.#pendingStart === this.#pendingEnd) this.#pendingStart = start;
    this.#pendingEnd = end;
  }

  copy(offset: number, length: number): void {
    this.#flush();
    for (let done = 0; done < length; done += maxCopyBytes) {
      this.#parts.push(copyInstruction(offset + done, Math.min(maxCopyBytes, length - done)));
    }
  }

  finish(): Buffer {
    this.#flush();
    return Buffer.concat(this.#parts);
  }

  #flush(): void {
    for (let at = this.#pendingStart; at < this.#pendingEnd; at += maxInsertBytes) {
      const literal = this.#target.subarray(at, Math.min(at + maxInsertBytes, this.#pendingEnd));
      this.#parts.push(Buffer.from([literal.length]), Buffer.from(literal));
    }
    this.#pendingStart = this.#pendingEnd;
  }
}

function sizeVarint(size: number): Buffer {
  const bytes: number[] = [];
  let rest = size;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** Bit i of the first byte says that byte i of offset (0–3) or length (4–6) follows; zero bytes are left out. */
function copyInstruction(offset: number, length: number): Buffer {
  const bytes = [0x80];
  let flags = 0x80;
  for (let i = 0; i < 7; i++) {
    const byte = i < 4 ? (offset >>> (8 * i)) & 0xff : (length >>> (8 * (i - 4))) & 0xff;
    if (byte === 0) continue;
    flags |= 1 << i;
    bytes.push(byte);
  }
  bytes[0] = flags;
  return Buffer.from(bytes);
}
