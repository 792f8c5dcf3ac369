import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import type { ObjectType } from '../objects/store.js';

export interface PackEntry {
  type: ObjectType;
  content: Uint8Array;
  /** Written instead of the content: instructions against an object that the reader has, or gets in this pack. */
  delta?: { baseOid: string; instructions: Uint8Array } | undefined;
}

const typeNumbers: Record<ObjectType, number> = { commit: 1, tree: 2, blob: 3, tag: 4 };
const refDelta = 7;
/** Entries are gathered into chunks of about this size: fewer, larger writes for sockets and hashing. */
const chunkBytes = 128 * 1024;

/**
 * A version 2 pack (pack-format.txt) as chunks. Each object is compressed when its chunk is asked for, so the whole
 * pack never stands in memory beside the objects.
 */
export function* writePack(entries: readonly PackEntry[]): Generator<Buffer, void, undefined> {
  const digest = createHash('sha1');
  let parts: Buffer[] = [packHeader(entries.length)];
  let size = 0;
  for (const entry of entries) {
    for (const part of encodeEntry(entry)) {
      parts.push(part);
      size += part.length;
    }
    if (size >= chunkBytes) {
      const chunk = Buffer.concat(parts);
      digest.update(chunk);
      yield chunk;
      parts = [];
      size = 0;
    }
  }
  const rest = Buffer.concat(parts);
  yield Buffer.concat([rest, digest.update(rest).digest()]);
}

function packHeader(count: number): Buffer {
  const header = Buffer.from('PACK\0\0\0\x02\0\0\0\0', 'latin1');
  header.writeUInt32BE(count, 8);
  return header;
}

function encodeEntry({ type, content, delta }: PackEntry): Buffer[] {
  if (delta === undefined) return [entryHeader(typeNumbers[type], content.length), deflateSync(content)];
  return [
    entryHeader(refDelta, delta.instructions.length),
    Buffer.from(delta.baseOid, 'hex'),
    deflateSync(delta.instructions),
  ];
}

/** Type in bits 4–6 of the first byte, the size from its low four bits on, seven bits a byte. */
function entryHeader(type: number, size: number): Buffer {
  const bytes: number[] = [];
  let byte = (type << 4) | (size & 0x0f);
  let rest = Math.floor(size / 16);
  while (rest > 0) {
    bytes.push(byte | 0x80);
    byte = rest & 0x7f;
    rest = Math.floor(rest / 128);
  }
  bytes.push(byte);
  return Buffer.from(bytes);
}
