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

/**
 * The content of `.git/index`, version 2 (gitformat-index). With the true numbers of the file system in it, git does
 * not have to read the files to know that they are unchanged.
 * @param records what the file system says of each entry, by its place among them; zeros for a submodule
 */
export function encodeWorktreeIndex(entries: readonly IndexEntry[], records: StatRecords): Buffer {
  const order = [...entries.keys()].sort((a, b) => comparePaths(entries[a], entries[b]));
  let length = 12 + 20;
  for (const { path } of entries) length += entryBytes(path);
  const index = Buffer.alloc(length);
  index.write('DIRC\0\0\0\x02', 'latin1');
  index.writeUInt32BE(entries.length, 8);
  let at = 12;
  for (const row of order) {
    const entry = entries[row];
    if (entry === undefined) continue;
    index.set(records.get(row), at);
    index.writeUInt32BE(Number.parseInt(entry.mode, 8), at + 24);
    index.write(entry.oid, at + recordBytes, 'hex');
    index.writeUInt16BE(Math.min(entry.path.length, maxNameLength), at + 60);
    index.write(entry.path, at + fixedBytes, 'latin1');
    at += entryBytes(entry.path);
  }
  index.set(createHash('sha1').update(index.subarray(0, at)).digest(), at);
  return index;
}

function comparePaths(a: IndexEntry | undefined, b: IndexEntry | undefined): number {
  if (a === undefined || b === undefined || a.path === b.path) return 0;
  return a.path < b.path ? -1 : 1;
}

/** Padded with one to eight NULs to a multiple of eight. */
function entryBytes(path: string): number {
  return (fixedBytes + path.length + 8) & ~7;
}
