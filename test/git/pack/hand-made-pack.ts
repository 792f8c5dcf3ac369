import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';

const types = { commit: 1, tree: 2, blob: 3, tag: 4, ofsDelta: 6, refDelta: 7 } as const;

export interface HandMadeEntry {
  type: keyof typeof types;
  content: Uint8Array;
  /** What the header claims instead of the truth. */
  declaredSize?: number;
  base?: { distance: number } | { oid: string };
  deflated?: Uint8Array;
}

/** A pack written byte by byte after gitformat-pack, lies included. */
export function makePack(
  entries: readonly Uint8Array[],
  { count = entries.length, version = 2 } = {},
): Buffer {
  const header = Buffer.from('PACK\0\0\0\0\0\0\0\0', 'latin1');
  header.writeUInt32BE(version, 4);
  header.writeUInt32BE(count, 8);
  return withChecksum(Buffer.concat([header, ...entries]));
}

export function withChecksum(pack: Uint8Array): Buffer {
  return Buffer.concat([pack, createHash('sha1').update(pack).digest()]);
}

export function makeEntry({ type, content, declaredSize, base, deflated }: HandMadeEntry): Buffer {
  const size = declaredSize ?? content.length;
  const bytes = [(types[type] << 4) | (size % 16)];
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) | 0x80;
    bytes.push(rest % 128);
  }
  return Buffer.concat([Buffer.from(bytes), encodeBase(base), deflated ?? deflateSync(content)]);
}

/** Instructions after the two sizes: copies as `[offset, size]`, insertions as text. */
export function makeDelta(
  baseSize: number,
  resultSize: number,
  instructions: readonly (readonly [offset: number, size: number] | string)[],
): Buffer {
  const parts = [varint(baseSize), varint(resultSize)];
  for (const instruction of instructions) {
    if (typeof instruction === 'string') {
      parts.push(Buffer.from([instruction.length]), Buffer.from(instruction));
      continue;
    }
    const [offset, size] = instruction;
    const copy = Buffer.alloc(8);
    copy[0] = 0xff;
    copy.writeUInt32LE(offset, 1);
    copy.writeUIntLE(size, 5, 3);
    parts.push(copy);
  }
  return Buffer.concat(parts);
}

export async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function encodeBase(base: HandMadeEntry['base']): Buffer {
  if (base === undefined) return Buffer.alloc(0);
  if ('oid' in base) return Buffer.from(base.oid, 'hex');
  const bytes = [base.distance % 128];
  for (let rest = Math.floor(base.distance / 128); rest > 0; rest = Math.floor(rest / 128)) {
    rest--;
    bytes.unshift((rest % 128) | 0x80);
  }
  return Buffer.from(bytes);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}
