import { recordRows, takeBack } from './carry-out.js';
import { type Disk, removeFile } from './disk.js';
import { outlivedItsBoot, restoreLost, settle } from './durability.js';
import { changePhase, type JournalFile, journalPath, listJournal, readJournal } from './journal.js';
import type { Ledger } from './ledger.js';
import { isUnfinished, placeSteps } from './place.js';

/** Whether the journal holds something that has to be brought to an end before anything is read or written. */
export function needsRecovery(disk: Disk): boolean {
  return listJournal(disk).some(
    (file) => file.phase === 'log' || file.phase === 'undo' || outlivedItsBoot(file),
  );
}

/** Brings to an end what a process that died, or a machine that stopped, left unfinished. Only under the lock. */
export async function recover(disk: Disk, ledger: Ledger): Promise<void> {
  for (const file of listJournal(disk)) {
    if (file.phase === 'tmp') removeFile(disk, journalPath(file));
    else if (file.phase === 'log') await carryOn(disk, ledger, file);
    else if (file.phase === 'undo') {
      ledger.forget();
      await takeBack(disk, file, readJournal(disk, file));
    } else if (outlivedItsBoot(file)) {
      await restoreLost(disk, file, ledger.current());
      ledger.save();
      removeFile(disk, journalPath(file));
    }
  }
}

async function carryOn(disk: Disk, ledger: Ledger, file: JournalFile): Promise<void> {
  const movement = readJournal(disk, file);
  const revisions = ledger.current();
  const recorded = movement.rows.every(
    ({ key, revision }) => (revisions.get(key)?.revision ?? 0) >= revision,
  );
  if (!recorded) {
    try {
      const stamps = await placeSteps(disk, movement.steps, { wanted: (step) => isUnfinished(disk, step) });
      recordRows(revisions, movement, stamps);
      ledger.save();
    } catch (error) {
      ledger.forget();
      await takeBack(disk, changePhase(disk, file, 'undo', null), movement);
      throw error;
    }
  }
  settle(disk, file, movement);
}
