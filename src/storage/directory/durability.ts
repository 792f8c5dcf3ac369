import { type Disk, parentOf, removeFile, statPath, syncPath } from './disk.js';
import { changePhase, type JournalFile, journalPath, listJournal, readJournal } from './journal.js';
import { privateDirectory } from './layout.js';
import type { Movement, Step } from './movement.js';
import { isTaken, placeSteps } from './place.js';
import { bootId } from './process-identity.js';
import type { Revisions } from './revisions.js';

/*
 * What a loss of power may destroy, and what is done about it.
 *
 * The journal's log is on the disk before anything else happens, in one flush however large the batch is. The files
 * themselves are written without a flush each: for 10,000 of them that takes longer than all the rest together. A
 * process that is killed loses nothing by this, because the kernel has the files. A machine that stops may lose some,
 * so until they are surely on the disk the log has to stay:
 *
 * - A small batch is flushed file by file at once, and its log removed.
 * - The log of a large batch is kept as `placed@<boot>`. While that boot lasts the kernel still has the files, and
 *   after `writebackMs` it has written them. A later writer then drops the log.
 * - After another boot, whoever comes first compares the files with the log and writes again what was lost.
 *
 * What a person changed after the batch is not undone by this: such a file, or its directory when it was removed, has
 * a later time than the log, which was last renamed when the batch was complete.
 */

/** More files than this are not flushed one by one. */
const maxFlushedSteps = 64;
/** Linux writes dirty pages after 30 seconds; laptops put it off for up to ten minutes. */
const writebackMs = 15 * 60_000;
const maxKeptLogs = 4;

/** A carried-out batch's journal file is dropped, or kept while the files may not be on the disk. */
export function settle(disk: Disk, file: JournalFile, movement: Movement): void {
  const boot = bootId();
  if (movement.steps.length > maxFlushedSteps && boot !== null) {
    changePhase(disk, file, 'placed', boot);
    return;
  }
  flush(disk, movement);
  removeFile(disk, journalPath(file));
}

/** Whether a kept log belongs to another boot, so that the files have to be compared with it. */
export function outlivedItsBoot(file: JournalFile): boolean {
  return file.phase === 'placed' && file.boot !== bootId();
}

/** Drops the kept logs that are needed no more. */
export function dropOldLogs(disk: Disk): void {
  const kept = listJournal(disk).filter((file) => file.phase === 'placed' && !outlivedItsBoot(file));
  const surplus = kept.length - maxKeptLogs;
  for (const [at, file] of kept.entries()) {
    const completedMs = statPath(disk, journalPath(file))?.ctimeMs ?? 0;
    if (at < surplus) flush(disk, readJournal(disk, file));
    if (at < surplus || Date.now() - completedMs > writebackMs) removeFile(disk, journalPath(file));
  }
}

/** Writes again what a loss of power took from a batch. The rows of the batch are set where nothing newer is known. */
export async function restoreLost(disk: Disk, file: JournalFile, revisions: Revisions): Promise<void> {
  const movement = readJournal(disk, file);
  const completedMs = statPath(disk, journalPath(file))?.ctimeMs ?? 0;
  const current = movement.rows.filter(
    ({ key, revision }) => (revisions.get(key)?.revision ?? 0) <= revision,
  );
  const paths = new Set(current.map(({ path }) => path));
  const steps = movement.steps.filter(({ path }) => paths.has(path));
  await placeSteps(disk, steps, {
    wanted: (step) => !isTaken(disk, step) && !touchedSince(disk, step, completedMs),
  });
  for (const { key, oid, revision } of current) {
    if (revisions.get(key)?.revision !== revision) revisions.set(key, { oid, revision, stamp: null });
  }
  flush(disk, { steps, rows: [] });
}

function touchedSince(disk: Disk, step: Step, sinceMs: number): boolean {
  let path = step.path;
  let stats = statPath(disk, path);
  while (stats === null && path !== '') {
    path = parentOf(path);
    stats = statPath(disk, path);
  }
  return stats !== null && Math.max(stats.mtimeMs, stats.ctimeMs) > sinceMs;
}

function flush(disk: Disk, movement: Movement): void {
  const directories = new Set([privateDirectory]);
  for (const { path, from, to } of movement.steps) {
    if (to?.type === 'file') syncPath(disk, path);
    directories.add(parentOf(path));
    // A file that comes or goes may have brought or taken its directories as well.
    const mayMoveDirectories = from === null || to === null;
    for (let at = parentOf(path); mayMoveDirectories && at !== ''; ) {
      at = parentOf(at);
      directories.add(at);
    }
  }
  for (const directory of directories) syncPath(disk, directory);
}
