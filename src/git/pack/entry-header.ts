import { CorruptPackError } from '../../errors.js';
import type { ObjectType } from '../objects/store.js';

/** What stands in front of an object's compressed bytes (gitformat-pack, "pack entry"). */
export interface EntryHeader {
  /** `delta` bases are told by exactly one of the two fields. */
  type: ObjectType | 'delta';
  /** Of the inflated bytes, as the pack declares it. */
  size: number;
  /** Offset in the pack of an ofs-delta's base. */
  baseOffset: number | null;
  /** Id of a ref-delta's base. */
  baseOid: string | null;
  /** Length of the header itself. */
  headerBytes: number;
}

/** More than any header takes: ten bytes of size, and ten of an offset or twenty of an id. */
export const maxHeaderBytes = 30;

/** By the numbers that entries have for them. */
export const objectTypes: Readonly<Record<number, ObjectType>> = {
  1: 'commit',
  2: 'tree',
  3: 'blob',
  4: 'tag',
};
export const ofsDelta = 6;
export const refDelta = 7;
export const oidBytes = 20;

/**
 * Reads an entry's header at the beginning of `bytes`.
 * @returns null when the header goes on beyond them
 */
export function parseEntryHeader(bytes: Buffer, offset: number): EntryHeader | null {
  let position = 0;
  let byte = bytes[position++];
  if (byte === undefined) return null;
  const typeNumber = (byte >> 4) & 7;
  let size = byte & 0x0f;
  let scale = 16;
  while (byte & 0x80) {
    byte = bytes[position++];
    if (byte === undefined) return null;
    size += (byte & 0x7f) * scale;
    scale *= 128;
    if (!Number.isSafeInteger(size)) throw corrupt(offset, 'declares an impossible size');
  }
  const type = objectTypes[typeNumber];
  if (type) return { type, size, baseOffset: null, baseOid: null, headerBytes: position };

  if (typeNumber === refDelta) {
    const end = position + oidBytes;
    if (bytes.length < end) return null;
    const baseOid = bytes.toString('hex', position, end);
    return { type: 'delta', size, baseOffset: null, baseOid, headerBytes: end };
  }
  if (typeNumber !== ofsDelta) throw corrupt(offset, `has the unknown type ${typeNumber}`);

  // Each further byte stands for one more than it says, so that no distance has two spellings.
  let distance = -1;
  do {
    byte = bytes[position++];
    if (byte === undefined) return null;
    distance = (distance + 1) * 128 + (byte & 0x7f);
    if (!Number.isSafeInteger(distance)) throw corrupt(offset, 'has an impossible base');
  } while (byte & 0x80);
  if (distance <= 0 || distance > offset) throw corrupt(offset, 'has a base outside of the pack');
  return { type: 'delta', size, baseOffset: offset - distance, baseOid: null, headerBytes: position };
}

function corrupt(offset: number, reason: string): CorruptPackError {
  return new CorruptPackError(`The pack is broken: the object at byte ${offset} ${reason}.`, {
    data: { offset },
  });
}
