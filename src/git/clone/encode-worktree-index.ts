import { createHash } from 'node:crypto';
import { oidWords, turnWords, wordsOf } from '../objects/oid-words.js';
import { type PlacedColumn, putColumns } from '../objects/sorted-rows.js';
import { recordBytes, type StatRecords } from './stat-record.js';

/** One line of `.git/index`. */
export interface IndexEntry {
  /** Bytes of the path as latin1, so that names that are not UTF-8 keep theirs and sort as git sorts. */
  path: string;
  oid: string;
  /** As in a tree, octal. */
  mode: string;
}

const headerBytes = 12;
const fixedBytes = 62;
const modeAt = 24;
const maxNameLength = 0xfff;
const checksumBytes = 20;
const namesAtOnce = 4096;

/**
 * The content of `.git/index`, version 2 (gitformat-index). With the true numbers of the file system in it, git does
 * not have to read the files to know that they are unchanged. They may come later than the rest.
 */
export class WorktreeIndex {
  readonly #index: Buffer;
  /** Where the line of an entry begins, by the place of the entry among those given. */
  readonly #lines: Int32Array;
  readonly #modes: Int32Array<ArrayBuffer>;

  constructor(entries: readonly IndexEntry[]) {
    const count = entries.length;
    this.#lines = new Int32Array(count);
    let length = headerBytes + checksumBytes;
    for (const { path } of entries) length += lineBytes(path.length);
    this.#index = Buffer.alloc(length);
    this.#index.write('DIRC\0\0\0\x02', 'latin1');
    this.#index.writeUInt32BE(count, 8);
    this.#writeNames(entries, sortedByPath(entries));
    const oids = Buffer.alloc(count * oidWords * 4);
    oids.write(entries.map(({ oid }) => oid).join(''), 'hex');
    this.#put([{ at: recordBytes, words: wordsOf(oids) }]);
    this.#modes = Int32Array.from(entries, ({ mode }) => Number.parseInt(mode, 8));
    turnWords(this.#modes);
  }

  /** @param records what the file system says of each entry, by its place among them; zeros for a submodule */
  encode(records: StatRecords): Buffer {
    const index = this.#index;
    this.#put([
      { at: 0, words: records.words(this.#lines.length) },
      { at: modeAt, words: this.#modes },
    ]);
    const end = index.length - checksumBytes;
    index.set(createHash('sha1').update(index.subarray(0, end)).digest(), end);
    return index;
  }

  /** Many at once: a call for each takes longer than everything else here. */
  #writeNames(entries: readonly IndexEntry[], order: readonly number[]): void {
    const blanks: Blanks[] = [];
    let end = headerBytes;
    for (let first = 0; first < order.length; first += namesAtOnce) {
      const start = end;
      const texts: string[] = [];
      for (const row of order.slice(first, first + namesAtOnce)) {
        const path = entries[row]?.path ?? '';
        const blank = blanks[path.length] ?? blanksFor(path.length);
        blanks[path.length] = blank;
        texts.push(blank.before, path, blank.behind);
        this.#lines[row] = end;
        end += lineBytes(path.length);
      }
      this.#index.write(texts.join(''), start, 'latin1');
    }
  }

  #put(columns: readonly PlacedColumn[]): void {
    putColumns(wordsOf(this.#index), this.#lines, columns);
  }
}

interface Blanks {
  before: string;
  behind: string;
}

/** What stands around a name: room for columns, its length in two bytes, and NULs up to a multiple of eight, at least one. */
function blanksFor(length: number): Blanks {
  const told = Math.min(length, maxNameLength);
  return {
    before: '\0'.repeat(fixedBytes - 2) + String.fromCharCode(told >> 8, told & 0xff),
    behind: '\0'.repeat(lineBytes(length) - fixedBytes - length),
  };
}

function lineBytes(length: number): number {
  return (fixedBytes + length + 8) & ~7;
}

/**
 * Numbers of entries, sorted by their paths. A tree's entries are sorted already and mostly lie between the same others:
 * then it is enough to sort the trees.
 */
function sortedByPath(entries: readonly IndexEntry[]): number[] {
  const path = (row: number): string => entries[row]?.path ?? '';
  const runs: { first: number; end: number }[] = [];
  for (let row = 0; row < entries.length; row++) {
    const run = runs.at(-1);
    if (run !== undefined && path(row - 1) <= path(row)) run.end = row + 1;
    else runs.push({ first: row, end: row + 1 });
  }
  const byPath = (a: number, b: number): number => (path(a) < path(b) ? -1 : path(a) > path(b) ? 1 : 0);
  runs.sort((a, b) => byPath(a.first, b.first));
  const order: number[] = [];
  let isSorted = true;
  for (const { first, end } of runs) {
    const last = order.at(-1);
    isSorted &&= last === undefined || path(last) <= path(first);
    for (let row = first; row < end; row++) order.push(row);
  }
  return isSorted ? order : order.sort(byPath);
}
