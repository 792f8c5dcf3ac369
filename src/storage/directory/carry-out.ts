import { type Disk, removeFile } from './disk.js';
import { settle } from './durability.js';
import { changePhase, commitToJournal, type JournalFile, journalPath } from './journal.js';
import type { Ledger } from './ledger.js';
import { isUnfinished, placeSteps } from './place.js';
import { bumpGeneration, type Revisions } from './revisions.js';
import type { Stamp } from './stamp.js';
import { reversed, type Step } from './step.js';

/**
 * Makes a batch's steps happen, entirely or not at all, whatever fails or dies on the way:
 *
 *  1. they are written to the journal and committed there: from now on they have happened;
 *  2. the files are put in place, 3. the revisions follow, 4. the journal is settled.
 *
 * A process that dies after 1 leaves the rest to the next one. A step that fails (no space, no permission) is taken
 * back: the journal's file becomes an `undo`, and what was done is undone, by this process or the next.
 * Only under the lock, and after every path was seen in its `from` state.
 */
export async function carryOut(disk: Disk, ledger: Ledger, steps: readonly Step[]): Promise<void> {
  const revisions = ledger.current();
  // Taking back has to change the generation without needing space, so its file must be there.
  if (revisions.generation === 0) ledger.save();
  const file = commitToJournal(disk, revisions.generation + 1, steps);
  try {
    const stamps = await placeSteps(disk, steps);
    recordSteps(revisions, steps, stamps);
    ledger.save();
  } catch (error) {
    ledger.forget();
    await takeBack(disk, changePhase(disk, file, 'undo', null), steps);
    throw error;
  }
  try {
    settle(disk, file, steps);
  } catch {
    // The batch has happened, and its log is on the disk: the next writer settles it.
  }
}

/** Undoes what was done of a batch that failed. */
export async function takeBack(disk: Disk, file: JournalFile, steps: readonly Step[]): Promise<void> {
  await placeSteps(disk, reversed(steps), { wanted: (step) => isUnfinished(disk, step) });
  // A reader that looked around meanwhile has to look again.
  bumpGeneration(disk);
  removeFile(disk, journalPath(file));
}

/** Enters what the steps led to. A file without a stamp is read again when it is next listed. */
export function recordSteps(
  revisions: Revisions,
  steps: readonly Step[],
  stamps: ReadonlyMap<string, Stamp | null>,
): void {
  for (const { key, path, to, oid, revision } of steps) {
    const stamp = to?.type === 'file' ? (stamps.get(path) ?? null) : null;
    revisions.set(key, { oid, revision, stamp });
  }
}
