import { emptyBlobId } from '../../resources/blob-id.js';
import { type Disk, removeFile } from './disk.js';
import { settle } from './durability.js';
import { changePhase, commitToJournal, type JournalFile, journalPath } from './journal.js';
import type { Ledger } from './ledger.js';
import { type Movement, reversed } from './movement.js';
import { isUnfinished, placeSteps } from './place.js';
import { bumpGeneration, type Revisions } from './revisions.js';
import type { Stamp } from './stamp.js';

/**
 * Makes a movement happen, entirely or not at all, whatever fails or dies on the way:
 *
 *  1. it is written to the journal and committed there: from now on it has happened;
 *  2. the files are put in place, 3. the revisions follow, 4. the journal is settled.
 *
 * A process that dies after 1 leaves the rest to the next one. A step that fails (no space, no permission) is taken
 * back: the journal's file becomes an `undo`, and what was done is undone, by this process or the next.
 * Only under the lock, and after every path was seen in its `from` state.
 */
export async function carryOut(disk: Disk, ledger: Ledger, movement: Movement): Promise<void> {
  const revisions = ledger.current();
  // Taking back has to change the generation without needing space, so its file must be there.
  if (revisions.generation === 0) ledger.save();
  const file = commitToJournal(disk, revisions.generation + 1, movement);
  try {
    const stamps = await placeSteps(disk, movement.steps);
    recordRows(revisions, movement, stamps);
    ledger.save();
  } catch (error) {
    ledger.forget();
    await takeBack(disk, changePhase(disk, file, 'undo', null), movement);
    throw error;
  }
  try {
    settle(disk, file, movement);
  } catch {
    // The batch has happened, and its log is on the disk: the next writer settles it.
  }
}

/** Undoes what was done of a movement that failed. */
export async function takeBack(disk: Disk, file: JournalFile, movement: Movement): Promise<void> {
  await placeSteps(disk, reversed(movement), { wanted: (step) => isUnfinished(disk, step) });
  // A reader that looked around meanwhile has to look again.
  bumpGeneration(disk);
  removeFile(disk, journalPath(file));
}

/** Enters a movement's rows. A file without a stamp is read again when it is next listed. */
export function recordRows(
  revisions: Revisions,
  movement: Movement,
  stamps: ReadonlyMap<string, Stamp | null>,
): void {
  for (const { key, oid, revision, path } of movement.rows) {
    const stamp = path === null || oid === emptyBlobId ? null : (stamps.get(path) ?? null);
    revisions.set(key, { oid, revision, stamp });
  }
}
