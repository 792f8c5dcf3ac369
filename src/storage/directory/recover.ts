import { recordSteps, takeBack } from './carry-out.js';
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

/** Brings to an end what a machine that stopped, or a process that died, left unfinished. Only under the lock. */
export async function recover(disk: Disk, ledger: Ledger): Promise<void> {
  const journal = listJournal(disk);
  const kept = journal.filter(outlivedItsBoot);
  if (kept.length > 0) {
    await restoreLost(disk, kept, ledger.current());
    ledger.save();
    for (const file of kept) removeFile(disk, journalPath(file));
  }
  for (const file of journal) {
    if (file.phase === 'tmp') removeFile(disk, journalPath(file));
    else if (file.phase === 'log') await carryOn(disk, ledger, file);
    else if (file.phase === 'undo') {
      ledger.forget();
      await takeBack(disk, file, readJournal(disk, file));
    }
  }
}

async function carryOn(disk: Disk, ledger: Ledger, file: JournalFile): Promise<void> {
  const steps = readJournal(disk, file);
  const revisions = ledger.current();
  const recorded = steps.every(({ key, revision }) => (revisions.get(key)?.revision ?? 0) >= revision);
  if (!recorded) {
    try {
      const stamps = await placeSteps(disk, steps, { wanted: (way) => isUnfinished(disk, way) });
      recordSteps(revisions, steps, stamps);
      ledger.save();
    } catch (error) {
      ledger.forget();
      await takeBack(disk, changePhase(disk, file, 'undo', null), steps);
      throw error;
    }
  }
  settle(disk, file, steps);
}
