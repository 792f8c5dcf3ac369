import { compiledCode } from '../objects/compiled-code.js';
import type { ObjectType } from '../objects/store.js';
import { type EntryHeader, objectTypes, ofsDelta, oidBytes } from './entry-header.js';
import type { PackWindow } from './pack-window.js';
import { readEntriesWasm } from './read-entries-wasm.js';

/** What assembly/read-entries.ts exports; arguments are places in its memory. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly heap: { readonly value: number };
  readonly objectBytes: { readonly value: number };
  readonly deltaBytes: { readonly value: number };
  readEntries(
    source: number,
    sourceEnd: number,
    objects: number,
    objectsEnd: number,
    deltas: number,
    deltasEnd: number,
    columns: number,
    columnBytes: number,
    maxEntries: number,
  ): number;
}

type ReadEntries = (window: PackWindow, atMost: number) => SmallRun;

const maxSourceBytes = 256 * 1024;
/** The code reads a few bytes more than it uses, and writes a few more than it makes. */
const slackBytes = 64;
const maxObjectBytes = 1024 * 1024;
const maxDeltaBytes = 384 * 1024;
const maxEntries = 4096;
const columnBytes = maxEntries * 4;

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
  const exports = compiledCode<Exports>(readEntriesWasm)();
  const memory = Buffer.from(exports.memory.buffer);
  const source = exports.heap.value;
  const objects = source + maxSourceBytes + slackBytes;
  const objectsEnd = objects + maxObjectBytes;
  const deltas = objectsEnd + slackBytes;
  const deltasEnd = deltas + maxDeltaBytes;
  const columnsAt = deltasEnd + slackBytes;
  const column = (number: number) =>
    new Uint32Array(memory.buffer, columnsAt + number * columnBytes, maxEntries);
  const columns: Columns = {
    starts: column(0),
    headerEnds: column(1),
    ends: column(2),
    types: column(3),
    sizes: column(4),
    contents: column(5),
    bases: column(6),
  };
  const places = [objects, objectsEnd, deltas, deltasEnd, columnsAt, columnBytes] as const;
  return (window, atMost) => {
    const bytes = window.view(maxSourceBytes);
    memory.set(bytes, source);
    const sourceEnd = source + bytes.length;
    const count = exports.readEntries(source, sourceEnd, ...places, Math.min(atMost, maxEntries));
    return new SmallRun(columns, {
      count,
      packStart: window.offset,
      source: memory.subarray(source, sourceEnd),
      slab: copyOf(memory, objects, exports.objectBytes.value),
      instructions: copyOf(memory, deltas, exports.deltaBytes.value),
    });
  };
}

/** What is known of entries, by their numbers. */
interface Columns {
  /** Where the entries begin, counted from the first. */
  readonly starts: Uint32Array;
  readonly headerEnds: Uint32Array;
  readonly ends: Uint32Array;
  /** As the pack has them. */
  readonly types: Uint32Array;
  readonly sizes: Uint32Array;
  /** Where an object's content begins in the slab, or a delta's among the instructions. */
  readonly contents: Uint32Array;
  readonly bases: Uint32Array;
}

/** Entries one behind the other, told by their numbers. The contents were taken out of what the next call uses again. */
export class SmallRun {
  readonly columns: Columns;
  readonly count: number;
  /** Position of the first entry in the pack. */
  readonly packStart: number;
  /** Memory of all objects, each behind the header that its id covers; no gaps are between them. */
  readonly slab: Buffer;
  readonly #source: Buffer;
  readonly #instructions: Buffer;

  constructor(
    columns: Columns,
    run: { count: number; packStart: number; source: Buffer; slab: Buffer; instructions: Buffer },
  ) {
    this.columns = columns;
    this.count = run.count;
    this.packStart = run.packStart;
    this.slab = run.slab;
    this.#source = run.source;
    this.#instructions = run.instructions;
  }

  /** Bytes of all entries in the pack. */
  get packedBytes(): number {
    return this.count === 0 ? 0 : (this.columns.ends[this.count - 1] ?? 0);
  }

  isDelta(index: number): boolean {
    return (this.columns.types[index] ?? 0) >= ofsDelta;
  }

  /** Of what is no delta. */
  type(index: number): ObjectType {
    return objectTypes[this.columns.types[index] ?? 0] ?? 'blob';
  }

  /** An entry as it is in the pack; as long as the run may be used. */
  packed(index: number): Uint8Array {
    const { buffer, byteOffset } = this.#source;
    const start = this.columns.starts[index] ?? 0;
    return new Uint8Array(buffer, byteOffset + start, (this.columns.ends[index] ?? 0) - start);
  }

  headerBytes(index: number): number {
    return (this.columns.headerEnds[index] ?? 0) - (this.columns.starts[index] ?? 0);
  }

  /** A delta's header and instructions. */
  delta(index: number): { header: EntryHeader; instructions: Buffer } {
    const { bases, contents, sizes } = this.columns;
    const base = bases[index] ?? 0;
    const content = contents[index] ?? 0;
    const size = sizes[index] ?? 0;
    const isOffset = this.columns.types[index] === ofsDelta;
    const header: EntryHeader = {
      type: 'delta',
      size,
      headerBytes: this.headerBytes(index),
      baseOffset: isOffset ? this.packStart + (this.columns.starts[index] ?? 0) - base : null,
      baseOid: isOffset ? null : this.#source.toString('hex', base, base + oidBytes),
    };
    return { header, instructions: this.#instructions.subarray(content, content + size) };
  }
}

function copyOf(memory: Buffer, start: number, size: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(size);
  memory.copy(copy, 0, start, start + size);
  return copy;
}
