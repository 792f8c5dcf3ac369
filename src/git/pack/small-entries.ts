import type { ObjectType } from '../objects/store.js';
import { type EntryHeader, objectTypes, ofsDelta, oidBytes, refDelta } from './entry-header.js';
import type { PackWindow } from './pack-window.js';
import { readEntriesWasm } from './read-entries-wasm.js';

/** As much of it as is used here; Node's types leave it to the browser's. */
declare const WebAssembly: {
  Module: new (code: Uint8Array) => object;
  Instance: new (module: object) => { readonly exports: unknown };
};

/** What assembly/read-entries.ts exports; all numbers are places in its memory. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly heap: { readonly value: number };
  readEntries(
    source: number,
    sourceEnd: number,
    objects: number,
    objectsEnd: number,
    deltas: number,
    deltasEnd: number,
    records: number,
    maxRecords: number,
  ): number;
}

type ReadEntries = (window: PackWindow, atMost: number) => SmallRun;

const fields = 8;
const sourceBytes = 256 * 1024;
/** The code reads a few bytes more than it uses, and writes a few more than it makes. */
const slackBytes = 64;
const objectBytes = 1024 * 1024;
const deltaBytes = 384 * 1024;
const maxEntries = 4096;

/** Compiled when the first pack is read. */
let code: ReadEntries | null = null;

/**
 * Reads the entries that are whole, small and in order at the window's beginning, and consumes nothing. None are when
 * the first one is cut off, damaged or large: `inflateEntry` waits for more, or tells what is wrong. To be done with
 * before the next call.
 */
export function readSmallRun(window: PackWindow, atMost: number): SmallRun {
  code ??= load();
  return code(window, atMost);
}

function load(): ReadEntries {
  const module = new WebAssembly.Module(Buffer.from(readEntriesWasm, 'base64'));
  const exports = new WebAssembly.Instance(module).exports as Exports;
  const memory = Buffer.from(exports.memory.buffer);
  const source = exports.heap.value;
  const objects = source + sourceBytes + slackBytes;
  const objectsEnd = objects + objectBytes;
  const deltas = objectsEnd + slackBytes;
  const deltasEnd = deltas + deltaBytes;
  const recordsAt = deltasEnd + slackBytes;
  const records = new Uint32Array(memory.buffer, recordsAt, maxEntries * fields);
  return (window, atMost) => {
    const bytes = window.view(sourceBytes);
    memory.set(bytes, source);
    const end = source + bytes.length;
    const most = Math.min(atMost, maxEntries);
    const count = exports.readEntries(source, end, objects, objectsEnd, deltas, deltasEnd, recordsAt, most);
    return new SmallRun({ records, count, memory, source, objects, deltas, packStart: window.offset });
  };
}

/** Where the code has left what it read. */
interface Memory {
  records: Uint32Array;
  count: number;
  memory: Buffer;
  source: number;
  objects: number;
  deltas: number;
  /** Position in the pack of what the source begins with. */
  packStart: number;
}

/** Entries one behind the other, told by their numbers. The contents were taken out of what the next call uses again. */
export class SmallRun {
  readonly count: number;
  /** Bytes of all entries in the pack. */
  readonly packedBytes: number;
  /** Memory of all objects, each behind the header that its id covers; no gaps are between them. */
  readonly slab: Buffer;
  readonly #instructions: Buffer;
  readonly #memory: Memory;

  constructor(memory: Memory) {
    const { count, source, objects, deltas, records } = memory;
    this.#memory = memory;
    this.count = count;
    this.packedBytes = count === 0 ? 0 : (records[(count - 1) * fields + 2] ?? source) - source;
    let objectsEnd = objects;
    let deltasEnd = deltas;
    for (let index = 0; index < count; index++) {
      const end = (records[index * fields + 5] ?? 0) + (records[index * fields + 4] ?? 0);
      if (this.isDelta(index)) deltasEnd = end;
      else objectsEnd = end;
    }
    this.slab = copyOf(memory.memory, objects, objectsEnd);
    this.#instructions = copyOf(memory.memory, deltas, deltasEnd);
  }

  isDelta(index: number): boolean {
    return this.#field(index, 3) > 4;
  }

  /** Of what is no delta. */
  type(index: number): ObjectType {
    return objectTypes[this.#field(index, 3)] ?? 'blob';
  }

  size(index: number): number {
    return this.#field(index, 4);
  }

  /** An entry as it is in the pack; as long as the run may be used. */
  packed(index: number): Uint8Array {
    const start = this.#field(index, 0);
    return new Uint8Array(this.#memory.memory.buffer, start, this.#field(index, 2) - start);
  }

  headerBytes(index: number): number {
    return this.#field(index, 1) - this.#field(index, 0);
  }

  /** Position in the pack. */
  offset(index: number): number {
    return this.#memory.packStart + this.#field(index, 0) - this.#memory.source;
  }

  /** Where an object's content begins in the slab, or a delta's among the instructions. */
  contentStart(index: number): number {
    const { objects, deltas } = this.#memory;
    return this.#field(index, 5) - (this.isDelta(index) ? deltas : objects);
  }

  /** A delta's header and instructions. */
  delta(index: number): { header: EntryHeader; instructions: Buffer } {
    const { memory } = this.#memory;
    const number = this.#field(index, 3);
    const base = this.#field(index, 6);
    const [start, size] = [this.contentStart(index), this.size(index)];
    const header: EntryHeader = {
      type: 'delta',
      size,
      headerBytes: this.headerBytes(index),
      baseOffset: number === ofsDelta ? this.offset(index) - base : null,
      baseOid: number === refDelta ? memory.toString('hex', base, base + oidBytes) : null,
    };
    return { header, instructions: this.#instructions.subarray(start, start + size) };
  }

  #field(index: number, field: number): number {
    return this.#memory.records[index * fields + field] ?? 0;
  }
}

function copyOf(memory: Buffer, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(end - start);
  memory.copy(copy, 0, start, end);
  return copy;
}
