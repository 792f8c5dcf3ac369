import { createHash } from 'node:crypto';
import { recordBytes, type StatRecords } from './stat-record.js';

/** One line of `.git/index`. */
export interface IndexEntry {
  /** Bytes of the path as latin1, so that names that are not UTF-8 keep theirs and sort as git sorts. */
  path: string;
  oid: string;
  /** As in a tree, octal. */
  mode: string;
}

const fixedBytes = 62;
const maxNameLength = 0xfff;
const checksumBytes = 20;

/**
 * The content of `.git/index`, version 2 (gitformat-index). With the true numbers of the file system in it, git does
 * not have to read the files to know that they are unchanged. They may come later than the rest.
 */
export class WorktreeIndex {
  readonly #index: Buffer;
  /** By the place of an entry among those given: where its line begins. */
  readonly #lines: Uint32Array;
  readonly #modes: Uint32Array;

  constructor(entries: readonly IndexEntry[]) {
    const order = sortedByPath(entries);
    let length = 12 + checksumBytes;
    for (const { path } of entries) length += entryBytes(path);
    const index = Buffer.alloc(length);
    index.write('DIRC\0\0\0\x02', 'latin1');
    index.writeUInt32BE(entries.length, 8);
    this.#index = index;
    this.#lines = new Uint32Array(entries.length);
    this.#modes = new Uint32Array(entries.length);
    let at = 12;
    for (const row of order) {
      const entry = entries[row];
      if (entry === undefined) continue;
      this.#lines[row] = at;
      this.#modes[row] = Number.parseInt(entry.mode, 8);
      index.write(entry.oid, at + recordBytes, 'hex');
      index.writeUInt16BE(Math.min(entry.path.length, maxNameLength), at + 60);
      index.write(entry.path, at + fixedBytes, 'latin1');
      at += entryBytes(entry.path);
    }
  }

  /** @param records what the file system says of each entry, by its place among them; zeros for a submodule */
  encode(records: StatRecords): Buffer {
    const index = this.#index;
    this.#lines.forEach((line, row) => {
      index.set(records.get(row), line);
      index.writeUInt32BE(this.#modes[row] ?? 0, line + 24);
    });
    const end = index.length - checksumBytes;
    index.set(createHash('sha1').update(index.subarray(0, end)).digest(), end);
    return index;
  }
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

/** Padded with one to eight NULs to a multiple of eight. */
function entryBytes(path: string): number {
  return (fixedBytes + path.length + 8) & ~7;
}
