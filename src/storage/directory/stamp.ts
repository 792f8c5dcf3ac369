import type { Stats } from 'node:fs';

/**
 * What tells, without reading, that a file is not the one last seen. The change time and the inode catch an editor that
 * replaces a file by a new one and a tool that sets the modification time back. Times are milliseconds with a
 * fraction: a double keeps them to a quarter of a microsecond, finer than file systems tick.
 */
export interface Stamp {
  size: number;
  mtimeMs: number;
  ctimeMs: number;
  ino: number;
}

/** Longer than one tick of a file system's clock (4 ms on Linux, 16 ms on Windows). */
const tickMs = 20;
/** The tick of file systems whose times are whole seconds, or even ones. */
const coarseTickMs = 2000;

export function stampOf(stats: Stats): Stamp {
  return { size: stats.size, mtimeMs: stats.mtimeMs, ctimeMs: stats.ctimeMs, ino: stats.ino };
}

export function sameStamp(a: Stamp, b: Stamp): boolean {
  return a.size === b.size && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs && a.ino === b.ino;
}

/**
 * Whether a file changed so shortly before `clockMs` that a second change in the same tick would leave the same stamp.
 * Such a stamp proves nothing and the content is read again. (Git calls such entries "racy": racy-git.txt.)
 */
export function isRacy(stamp: Stamp, clockMs: number): boolean {
  const coarse = stamp.mtimeMs % 1000 === 0 && stamp.ctimeMs % 1000 === 0;
  return Math.max(stamp.mtimeMs, stamp.ctimeMs) > clockMs - (coarse ? coarseTickMs : tickMs);
}
