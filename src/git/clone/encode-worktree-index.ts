import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';

/** One line of `.git/index`. */
export interface IndexEntry {
  /** Bytes of the path as latin1, so that names that are not UTF-8 keep theirs and sort as git sorts. */
  path: string;
  oid: string;
  /** As in a tree, octal. */
  mode: string;
  /** What the file system says of the file; null for a submodule. */
  stats: BigIntStats | null;
}

const fixedBytes = 62;
const maxNameLength = 0xfff;

/**
 * The content of `.git/index`, version 2 (gitformat-index). With the true numbers of the file system in it, git does
 * not have to read the files to know that they are unchanged.
 */
export function encodeWorktreeIndex(entries: readonly IndexEntry[]): Buffer {
  const sorted = [...entries].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  let length = 12 + 20;
  for (const { path } of sorted) length += entryBytes(path);
  const index = Buffer.alloc(length);
  index.write('DIRC\0\0\0\x02', 'latin1');
  index.writeUInt32BE(sorted.length, 8);
  let at = 12;
  for (const entry of sorted) {
    if (entry.stats !== null) writeStats(index, at, entry.stats);
    index.writeUInt32BE(Number.parseInt(entry.mode, 8), at + 24);
    index.write(entry.oid, at + 40, 'hex');
    index.writeUInt16BE(Math.min(entry.path.length, maxNameLength), at + 60);
    index.write(entry.path, at + fixedBytes, 'latin1');
    at += entryBytes(entry.path);
  }
  index.set(createHash('sha1').update(index.subarray(0, at)).digest(), at);
  return index;
}

/** Padded with one to eight NULs to a multiple of eight. */
function entryBytes(path: string): number {
  return (fixedBytes + path.length + 8) & ~7;
}

/** All numbers are cut to 32 bits, as git does. */
function writeStats(index: Buffer, at: number, stats: BigIntStats): void {
  writeTime(index, at, stats.ctimeMs, stats.ctimeNs);
  writeTime(index, at + 8, stats.mtimeMs, stats.mtimeNs);
  index.writeUInt32BE(lowBits(stats.dev), at + 16);
  index.writeUInt32BE(lowBits(stats.ino), at + 20);
  index.writeUInt32BE(lowBits(stats.uid), at + 28);
  index.writeUInt32BE(lowBits(stats.gid), at + 32);
  index.writeUInt32BE(lowBits(stats.size), at + 36);
}

function writeTime(index: Buffer, at: number, milliseconds: bigint, nanoseconds: bigint): void {
  index.writeUInt32BE(Math.floor(Number(milliseconds) / 1000) >>> 0, at);
  index.writeUInt32BE(Number(nanoseconds % 1_000_000_000n), at + 4);
}

function lowBits(value: bigint): number {
  return Number(value & 0xffffffffn);
}
