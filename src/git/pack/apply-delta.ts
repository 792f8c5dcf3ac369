import { CorruptPackError } from '../../errors.js';

/** The two sizes at the front of a delta (gitformat-pack, "Deltified representation"). */
export interface DeltaSizes {
  baseSize: number;
  resultSize: number;
  /** Where the instructions begin. */
  start: number;
}

export function readDeltaSizes(delta: Uint8Array): DeltaSizes {
  const base = readSize(delta, 0);
  const result = readSize(delta, base.end);
  return { baseSize: base.size, resultSize: result.size, start: result.end };
}

/**
 * Rebuilds an object in `target`, which has room for exactly its size.
 * @throws CorruptPackError when an instruction reaches outside of the base, the delta or the target
 */
export function applyDelta(base: Uint8Array, delta: Uint8Array, start: number, target: Uint8Array): void {
  let position = start;
  let written = 0;
  while (position < delta.length) {
    const instruction = delta[position++] ?? 0;
    if (instruction & 0x80) {
      let offset = 0;
      let size = 0;
      if (instruction & 0x01) offset = byteAt(delta, position++);
      if (instruction & 0x02) offset |= byteAt(delta, position++) << 8;
      if (instruction & 0x04) offset |= byteAt(delta, position++) << 16;
      if (instruction & 0x08) offset = (offset | (byteAt(delta, position++) << 24)) >>> 0;
      if (instruction & 0x10) size = byteAt(delta, position++);
      if (instruction & 0x20) size |= byteAt(delta, position++) << 8;
      if (instruction & 0x40) size |= byteAt(delta, position++) << 16;
      if (size === 0) size = 0x10000;
      if (offset + size > base.length) throw corrupt('copies from outside of its base');
      if (written + size > target.length) throw corrupt('makes more than it declares');
      copy(base, offset, size, target, written);
      written += size;
    } else {
      if (instruction === 0) throw corrupt('uses the reserved instruction');
      if (position + instruction > delta.length) throw corrupt('ends inside an instruction');
      if (written + instruction > target.length) throw corrupt('makes more than it declares');
      copy(delta, position, instruction, target, written);
      position += instruction;
      written += instruction;
    }
  }
  if (written !== target.length) throw corrupt('makes less than it declares');
}

/** A loop beats the call into native code for the short runs that most instructions are. */
function copy(from: Uint8Array, offset: number, size: number, to: Uint8Array, position: number): void {
  if (size > 32) {
    to.set(from.subarray(offset, offset + size), position);
    return;
  }
  for (let index = 0; index < size; index++) to[position + index] = from[offset + index] ?? 0;
}

function readSize(delta: Uint8Array, start: number): { size: number; end: number } {
  let position = start;
  let size = 0;
  let scale = 1;
  let byte: number;
  do {
    byte = byteAt(delta, position++);
    size += (byte & 0x7f) * scale;
    scale *= 128;
    if (!Number.isSafeInteger(size)) throw corrupt('declares an impossible size');
  } while (byte & 0x80);
  return { size, end: position };
}

function byteAt(delta: Uint8Array, position: number): number {
  const byte = delta[position];
  if (byte === undefined) throw corrupt('ends inside an instruction');
  return byte;
}

function corrupt(reason: string): CorruptPackError {
  return new CorruptPackError(`The pack is broken: a delta ${reason}.`);
}
