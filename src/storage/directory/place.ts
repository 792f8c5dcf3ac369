import { setImmediate } from 'node:timers/promises';
import { blobId } from '../../resources/blob-id.js';
import {
  createFile,
  type Disk,
  hasCode,
  listDirectory,
  parentOf,
  readRegular,
  removeEmptyDirectory,
  removeFile,
  renamePath,
  statPath,
  writeFile,
} from './disk.js';
import { journalDirectory, kindDirectory } from './layout.js';
import { Parents } from './parents.js';
import { type Stamp, sameStamp, stampOf } from './stamp.js';
import type { FileSide, Side, Way } from './step.js';

const placingFile = `${journalDirectory}/placing`;
const sliceSize = 256;

/** Someone changed a path between the look at it and the step. */
export class ChangedMeanwhile extends Error {
  readonly path: string;

  constructor(path: string, cause?: unknown) {
    super(`${path} changed meanwhile.`, { cause });
    this.path = path;
  }
}

export interface PlaceOptions {
  /**
   * Whether a step is (still) to be taken; judged right before it. Without it the caller has just seen every path in
   * its `from` state, and a path that is no longer so fails the step instead of being overwritten.
   */
  wanted?: (step: Way) => boolean;
}

/**
 * Takes the steps: what goes, goes first, then what comes. Returns the stamps of the files written, by path.
 * Every step may be taken again.
 * @throws ChangedMeanwhile
 */
export async function placeSteps(
  disk: Disk,
  steps: readonly Way[],
  options: PlaceOptions = {},
): Promise<Map<string, Stamp | null>> {
  const { wanted } = options;
  const stamps = new Map<string, Stamp | null>();
  let taken = 0;
  const breathe = async (): Promise<void> => {
    taken += 1;
    if (taken % sliceSize === 0) await setImmediate();
  };

  const old = new Parents(disk);
  const emptied = new Set<string>();
  for (const step of steps) {
    if (step.to !== null || old.at(parentOf(step.path)) === null) continue;
    if (wanted === undefined) checkUnchanged(disk, step);
    if (wanted?.(step) ?? true) removeSide(disk, step.path, step.from);
    // Also for a file that was gone already: a crash may have come between it and its directory.
    emptied.add(parentOf(step.path));
    await breathe();
  }
  for (const directory of emptied) pruneEmptyDirectories(disk, directory);
  // What was known of the directories ended with the removals.
  const parents = new Parents(disk);
  for (const step of steps) {
    if (step.to === null || !(wanted?.(step) ?? true)) continue;
    if (step.to.type === 'directory') {
      parents.make(step.path);
      continue;
    }
    parents.make(parentOf(step.path));
    if (wanted === undefined) checkUnchanged(disk, step);
    const fresh = step.from === null && wanted === undefined;
    stamps.set(
      step.path,
      fresh ? createNew(disk, step.path, step.to) : replaceFile(disk, step.path, step.to),
    );
    await breathe();
  }
  return stamps;
}

/**
 * Whether a step is still to be taken after a crash: the path is as before the step, or missing, or half written.
 * Anything else was put there by someone after the crash and is not ours to overwrite.
 */
export function isUnfinished(disk: Disk, step: Way): boolean {
  const present = presentSide(disk, step.path);
  if (present === null) return step.to !== null;
  if (present === 'other' || sameSide(present, step.to)) return false;
  if (sameSide(present, step.from)) return true;
  return present.type === 'file' && step.to?.type === 'file' && isTorn(present.content, step.to.content);
}

/** Whether a path is as its step leaves it. What is gone may have made room for something else. */
export function isTaken(disk: Disk, step: Way): boolean {
  const present = presentSide(disk, step.path);
  if (present === 'other') return step.to === null;
  return step.to === null ? present?.type !== step.from?.type : sameSide(present, step.to);
}

function checkUnchanged(disk: Disk, step: Way): void {
  if (step.seen === undefined) return;
  const stats = statPath(disk, step.path);
  if (stats === null || !sameStamp(step.seen, stampOf(stats))) throw new ChangedMeanwhile(step.path);
}

function createNew(disk: Disk, path: string, side: FileSide): Stamp {
  try {
    return createFile(disk, path, side.content);
  } catch (error) {
    throw hasCode(error, 'EEXIST') ? new ChangedMeanwhile(path, error) : error;
  }
}

/** A new file takes the old one's place at once, and the old one's mode; a link is replaced, not followed. */
function replaceFile(disk: Disk, path: string, side: FileSide): Stamp | null {
  const written = writeFile(disk, placingFile, side.content, side.mode);
  renamePath(disk, placingFile, path);
  const stats = statPath(disk, path);
  if (stats === null) return null;
  // Renaming sets the change time. Were anything else different, someone would have written in between.
  const stamp = stampOf(stats);
  return sameStamp(written, { ...stamp, ctimeMs: written.ctimeMs }) ? stamp : null;
}

function removeSide(disk: Disk, path: string, side: Side): void {
  if (side?.type === 'directory') removeEmptyDirectory(disk, path);
  else removeFile(disk, path);
}

/** Only namespace files have directories of their own, below `files/<namespace>`. */
function pruneEmptyDirectories(disk: Disk, path: string): void {
  const [top, , ...inside] = path.split('/');
  if (top !== kindDirectory('file') || inside.length === 0) return;
  if (removeEmptyDirectory(disk, path)) pruneEmptyDirectories(disk, parentOf(path));
}

/** What lies at a path; `other` is what no step knows: an occupied directory, a link. */
function presentSide(disk: Disk, path: string): Side | 'other' {
  const stats = statPath(disk, path);
  if (stats === null) return null;
  if (stats.isDirectory())
    return (listDirectory(disk, path) ?? []).length === 0 ? { type: 'directory' } : 'other';
  const file = stats.isFile() ? readRegular(disk, path) : null;
  if (file === null) return 'other';
  return { type: 'file', oid: blobId(file.content), content: file.content, mode: file.mode };
}

function sameSide(a: Side, b: Side): boolean {
  if (a === null || b === null) return a === b;
  if (a.type !== 'file' || b.type !== 'file') return a.type === b.type;
  return a.oid === b.oid;
}

/** A file that was cut short, or parts of which never reached the disk and read as zeros. */
function isTorn(present: Uint8Array, whole: Uint8Array): boolean {
  return present.length <= whole.length && present.every((byte, at) => byte === 0 || byte === whole[at]);
}
