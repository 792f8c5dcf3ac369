import { compiledCode } from './compiled-code.js';
import { oidWords } from './oid-words.js';
import { sortRowsWasm } from './sort-rows-wasm.js';

/** What assembly/sort-rows.ts exports; arguments are places in its memory. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly heap: { readonly value: number };
  sortByHead(oids: number, count: number, order: number, heads: number, spare: number): number;
  copyRows(from: number, words: number, order: number, count: number, to: number, toWords: number): void;
  scatterRows(from: number, words: number, places: number, count: number, to: number): void;
}

export interface SortedIds {
  /** The places of the ids in their new order. */
  order: Int32Array;
  /** Their first four bytes as numbers, in that order. */
  heads: Uint32Array<ArrayBuffer>;
  /** How many of them begin as the one before them does. */
  alike: number;
}

const wordBytes = 4;
const pageBytes = 64 * 1024;
/** Memory never shrinks: more than that is given back by giving up all of it, once the tables at hand are done. */
const maxKeptBytes = 8 * 1024 * 1024;
const spareWords = 4;

/** Compiled when the first table is made. */
let open: (() => Exports) | null = null;
let kept: Exports | null = null;

/**
 * Sorts ids by their first four bytes; such as begin alike keep their order.
 * @param oids five words each, as they stand in memory
 */
export function sortByHead(oids: Int32Array): SortedIds {
  const count = oids.length / oidWords;
  const room = new Room(oids.length + count * (2 + spareWords));
  const ids = room.put(oids);
  const [order, heads, spare] = [room.take(count), room.take(count), room.take(count * spareWords)];
  const alike = room.exports.sortByHead(ids, count, order, heads, spare);
  return { order: room.copy(order, count), heads: new Uint32Array(room.copy(heads, count).buffer), alike };
}

/**
 * Makes a table of columns, its rows in another order.
 * @param columns with the same number of rows, each of one or more words
 * @returns all columns of a row, one behind the other, and so each row
 */
export function rowsInOrder(order: Int32Array, columns: readonly Int32Array[]): Int32Array<ArrayBuffer> {
  const count = order.length;
  const total = columns.reduce((words, column) => words + column.length, 0);
  const room = new Room(count + total * 2);
  const places = room.put(order);
  const table = room.take(total);
  let to = table;
  for (const column of columns) {
    const words = column.length / Math.max(count, 1);
    room.exports.copyRows(room.put(column), words, places, count, to, total / Math.max(count, 1));
    to += words * wordBytes;
  }
  return room.copy(table, total);
}

/** A word or more for each row, and where in the row they stand, in bytes. */
export interface PlacedColumn {
  at: number;
  words: Int32Array;
}

/**
 * Writes columns into a file whose rows are of different lengths.
 * @param rows where each row begins in the file, in bytes
 */
export function putColumns(file: Int32Array, rows: Int32Array, columns: readonly PlacedColumn[]): void {
  const count = rows.length;
  const room = new Room(columns.reduce((total, { words }) => total + words.length, file.length + count));
  const start = room.put(file);
  const places = room.put(rows);
  for (const { at, words } of columns)
    room.exports.scatterRows(room.put(words), words.length / Math.max(count, 1), places, count, start + at);
  file.set(room.view(start, file.length));
}

/** Memory for one call. */
class Room {
  readonly exports: Exports;
  readonly #memory: ArrayBuffer;
  #end: number;

  constructor(words: number) {
    this.exports = kept ?? load();
    this.#end = this.exports.heap.value;
    const { memory } = this.exports;
    const missing = this.#end + words * wordBytes - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / pageBytes));
    this.#memory = memory.buffer;
    kept = this.exports;
    if (this.#memory.byteLength > maxKeptBytes) setImmediate(giveUp);
  }

  /** @returns where it begins */
  take(words: number): number {
    const start = this.#end;
    this.#end += words * wordBytes;
    return start;
  }

  put(words: Int32Array): number {
    const start = this.take(words.length);
    this.view(start, words.length).set(words);
    return start;
  }

  /** As long as the call lasts. */
  view(start: number, length: number): Int32Array<ArrayBuffer> {
    return new Int32Array(this.#memory, start, length);
  }

  copy(start: number, length: number): Int32Array<ArrayBuffer> {
    return this.view(start, length).slice();
  }
}

function giveUp(): void {
  kept = null;
}

function load(): Exports {
  open ??= compiledCode<Exports>(sortRowsWasm);
  return open();
}
