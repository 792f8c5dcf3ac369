import { formatKey } from '../types.js';
import { type Disk, parentOf, removeFile, statPath, syncPath } from './disk.js';
import { changePhase, type JournalFile, journalPath, listJournal, readJournal } from './journal.js';
import { privateDirectory } from './layout.js';
import { isTaken, placeSteps } from './place.js';
import { bootId } from './process-identity.js';
import type { Revisions } from './revisions.js';
import type { Step, Way } from './step.js';

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
export function settle(disk: Disk, file: JournalFile, steps: readonly Step[]): void {
  const boot = bootId();
  if (steps.length > maxFlushedSteps && boot !== null) {
    changePhase(disk, file, 'placed', boot);
    return;
  }
  flush(disk, steps);
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

/**
 * Writes again what a loss of power took from the batches of kept logs, given oldest first, and enters their revisions
 * where nothing newer is known. All is judged before anything is written: writing makes directories look touched.
 */
export async function restoreLost(
  disk: Disk,
  files: readonly JournalFile[],
  revisions: Revisions,
): Promise<void> {
  const last = new Map<string, { step: Step; completedMs: number }>();
  for (const file of files) {
    const completedMs = statPath(disk, journalPath(file))?.ctimeMs ?? 0;
    for (const step of readJournal(disk, file)) last.set(formatKey(step.key), { step, completedMs });
  }
  const current = [...last.values()].filter(
    ({ step }) => (revisions.get(step.key)?.revision ?? 0) <= step.revision,
  );
  const lost = current.filter(
    ({ step, completedMs }) => !isTaken(disk, step) && !touchedSince(disk, step, completedMs),
  );
  await placeSteps(
    disk,
    lost.map(({ step }) => step),
    { wanted: () => true },
  );
  for (const { step } of current) {
    const { key, oid, revision } = step;
    if (revisions.get(key)?.revision !== revision) revisions.set(key, { oid, revision, stamp: null });
  }
  flush(
    disk,
    current.map(({ step }) => step),
  );
}

function touchedSince(disk: Disk, { path }: Way, sinceMs: number): boolean {
  let at = path;
  let stats = statPath(disk, at);
  while (stats === null && at !== '') {
    at = parentOf(at);
    stats = statPath(disk, at);
  }
  return stats !== null && Math.max(stats.mtimeMs, stats.ctimeMs) > sinceMs;
}

function flush(disk: Disk, steps: readonly Way[]): void {
  const directories = new Set([privateDirectory]);
  for (const { path, from, to } of steps) {
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
