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
    const order = [...entries.keys()].sort((a, b) => comparePaths(entries[a], entries[b]));
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

function comparePaths(a: IndexEntry | undefined, b: IndexEntry | undefined): number {
  if (a === undefined || b === undefined || a.path === b.path) return 0;
  return a.path < b.path ? -1 : 1;
}

/** Padded with one to eight NULs to a multiple of eight. */
function entryBytes(path: string): number {
  return (fixedBytes + path.length + 8) & ~7;
}
