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

/** An entry that was read: `content` is the object, or the instructions of a delta. */
export interface SmallEntry extends EntryHeader {
  /** Position in the pack. */
  offset: number;
  /** Its length in the pack, header included. */
  packedBytes: number;
  /** Memory of all objects of the run, or of all its deltas. */
  slab: Buffer;
  /** Where the header that an object's id covers begins in the slab; that of a delta is empty. */
  headerStart: number;
  contentStart: number;
}

type ReadEntries = (window: PackWindow, atMost: number) => SmallEntry[];

const fields = 8;
const sourceBytes = 256 * 1024;
/** The code reads a few bytes more than it uses. */
const slackBytes = 64;
const objectBytes = 1024 * 1024;
const deltaBytes = 384 * 1024;
const maxEntries = 4096;

/** Compiled when the first pack is read. */
let code: ReadEntries | null = null;

/**
 * Reads the entries that are whole, small and in order at the window's beginning, and consumes nothing. None are when
 * the first one is cut off, damaged or large: `inflateEntry` waits for more, or tells what is wrong.
 */
export function readSmallEntries(window: PackWindow, atMost: number): SmallEntry[] {
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
  const records = new Uint32Array(memory.buffer, recordsAt, maxEntries * fields);
  return (window, atMost) => {
    const bytes = window.view(sourceBytes);
    memory.set(bytes, source);
    const end = source + bytes.length;
    const most = Math.min(atMost, maxEntries);
    const count = exports.readEntries(source, end, objects, deltas, deltas, recordsAt, recordsAt, most);
    return entriesOf({ records, count, memory, objects, deltas, packStart: window.offset - source });
  };
}

interface Run {
  records: Uint32Array;
  count: number;
  memory: Buffer;
  objects: number;
  deltas: number;
  /** What to add to a place in memory to have a position in the pack. */
  packStart: number;
}

/** What was read, taken out of the memory that the next call uses again. */
function entriesOf({ records, count, memory, objects, deltas, packStart }: Run): SmallEntry[] {
  const entries: SmallEntry[] = [];
  let objectsEnd = objects;
  let deltasEnd = deltas;
  for (let at = 0; at < count * fields; at += fields) {
    const start = records[at] ?? 0;
    const headerEnd = records[at + 1] ?? 0;
    const end = records[at + 2] ?? 0;
    const number = records[at + 3] ?? 0;
    const size = records[at + 4] ?? 0;
    const content = records[at + 5] ?? 0;
    const base = records[at + 6] ?? 0;
    const isDelta = number === ofsDelta || number === refDelta;
    const offset = packStart + start;
    entries.push({
      offset,
      type: objectTypes[number] ?? 'delta',
      size,
      packedBytes: end - start,
      headerBytes: headerEnd - start,
      baseOffset: number === ofsDelta ? offset - base : null,
      baseOid: number === refDelta ? memory.toString('hex', base, base + oidBytes) : null,
      slab: memory,
      headerStart: isDelta ? content - deltas : objectsEnd - objects,
      contentStart: content - (isDelta ? deltas : objects),
    });
    if (isDelta) deltasEnd = content + size;
    else objectsEnd = content + size;
  }
  const slab = copyOf(memory, objects, objectsEnd);
  const instructions = copyOf(memory, deltas, deltasEnd);
  for (const entry of entries) entry.slab = entry.type === 'delta' ? instructions : slab;
  return entries;
}

function copyOf(memory: Buffer, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(end - start);
  memory.copy(copy, 0, start, end);
  return copy;
}
