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

/** What a record's numbers are: an entry's place, what it holds, and where its content is. */
export const recordField = { start: 0, headerEnd: 1, end: 2, type: 3, size: 4, content: 5, base: 6 } as const;
export const recordFields = 8;

const sourceBytes = 256 * 1024;
/** The code reads a few bytes more than it uses. */
const slackBytes = 64;
const objectBytes = 1024 * 1024;
const deltaBytes = 384 * 1024;
const maxRecords = 4096;

/** Entries at the beginning of a window that were read in one go. All of it is valid until the next call. */
export interface SmallEntries {
  readonly count: number;
  /** `recordFields` numbers for each. The base of an ofs-delta is its distance, that of a ref-delta its id's place. */
  readonly records: Uint32Array;
  /** All places are places in it. */
  readonly memory: Buffer;
  /** Where the window's first byte stands. */
  readonly source: number;
  /** Where the objects begin; they follow each other, each behind the header that its id covers. */
  readonly objects: number;
  /** Where the deltas begin. */
  readonly deltas: number;
}

type ReadEntries = (window: PackWindow, atMost: number) => SmallEntries;

/** Compiled when the first pack is read. */
let code: ReadEntries | null = null;

/**
 * Reads the entries that are whole, small and in order at the window's beginning, and consumes nothing. None are when
 * the first one is cut off, damaged or large: `inflateEntry` waits for more, or tells what is wrong.
 */
export function readSmallEntries(window: PackWindow, atMost: number): SmallEntries {
  code ??= load();
  return code(window, atMost);
}

function load(): ReadEntries {
  const module = new WebAssembly.Module(Buffer.from(readEntriesWasm, 'base64'));
  const exports = new WebAssembly.Instance(module).exports as Exports;
  const memory = Buffer.from(exports.memory.buffer);
  const source = exports.heap.value;
  const objects = source + sourceBytes + slackBytes;
  const deltas = objects + objectBytes;
  const recordsAt = deltas + deltaBytes;
  const records = new Uint32Array(memory.buffer, recordsAt, maxRecords * recordFields);
  return (window, atMost) => {
    const bytes = window.view(sourceBytes);
    memory.set(bytes, source);
    const sourceEnd = source + bytes.length;
    const most = Math.min(atMost, maxRecords);
    const count = exports.readEntries(source, sourceEnd, objects, deltas, deltas, recordsAt, recordsAt, most);
    return { count, records, memory, source, objects, deltas };
  };
}
