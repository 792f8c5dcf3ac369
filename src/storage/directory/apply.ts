import type { ResourceKey } from '../../../schemas/resources.js';
import { blobId } from '../../resources/blob-id.js';
import {
  conflictError,
  type EffectiveChange,
  isDirectoryEntry,
  type ResolvedBatch,
  resolveBatch,
} from '../batch.js';
import { type AppliedChange, type Batch, formatKey } from '../types.js';
import { carryOut } from './carry-out.js';
import { type Disk, readRegular } from './disk.js';
import type { Ledger } from './ledger.js';
import { type Located, locate } from './locate.js';
import { type Observation, observeAbsent, observeFound } from './observe.js';
import { Parents } from './parents.js';
import { ChangedMeanwhile } from './place.js';
import type { Stamp } from './stamp.js';
import type { Side, Step, Way } from './step.js';
import { checkTree } from './tree.js';

interface Place extends Located {
  observed: Observation | undefined;
}

export interface AppliedBatch {
  applied: AppliedChange[];
  /** Entries of empty directories that something came to lie in. */
  filled: readonly ResourceKey[];
}

/**
 * Applies a checked batch. Only under the lock, with nothing left to recover.
 * @throws StorageConflictError when the disk is not as the batch expects it
 */
export async function applyToDirectory(disk: Disk, ledger: Ledger, batch: Batch): Promise<AppliedBatch> {
  const parents = new Parents(disk);
  const places = lookAt(disk, ledger, batch, parents);
  const placeOf = (key: ResourceKey): Place => {
    const place = places.get(key);
    if (place === undefined) throw new RangeError(`${formatKey(key)} is not in the batch.`);
    return place;
  };
  const resolved = resolveBatch(batch, disk.location, (key) => placeOf(key).observed);
  const filled = checkTree(disk, resolved.effective, parents);
  const steps = planSteps(disk, ledger, resolved, placeOf, filled);

  const handEdits = batch.changes.filter(({ key }) => placeOf(key).observed?.outcome === 'changed');
  for (const { key } of handEdits) {
    const row = placeOf(key).observed?.row;
    if (row !== undefined) ledger.current().set(key, row);
  }
  if (steps.length > 0) await carryOutOrConflict(disk, ledger, steps);
  else if (handEdits.length > 0) ledger.save();
  return { applied: resolved.applied, filled };
}

/** The present state of every key in a batch, by the key itself and not by what it says: those are as many texts. */
function lookAt(disk: Disk, ledger: Ledger, batch: Batch, parents: Parents): Map<ResourceKey, Place> {
  const revisions = ledger.current();
  const places = new Map<ResourceKey, Place>();
  for (const { key } of batch.changes) {
    const located = locate(disk, key, parents);
    const row = revisions.get(key);
    const present = located.found === null ? null : observeFound(disk, located.found, row);
    places.set(key, {
      path: located.path,
      found: present === null ? null : located.found,
      observed: present ?? observeAbsent(row),
    });
  }
  return places;
}

function planSteps(
  disk: Disk,
  ledger: Ledger,
  { effective }: ResolvedBatch,
  placeOf: (key: ResourceKey) => Place,
  filled: readonly ResourceKey[],
): Step[] {
  const steps: Step[] = [];
  const conflicts: ResourceKey[] = [];
  for (const key of filled) {
    const { path } = locate(disk, key, new Parents(disk));
    const directory: Side = { type: 'directory' };
    const revision = (ledger.current().get(key)?.revision ?? 0) + 1;
    steps.push({ key, path, from: directory, to: directory, oid: null, revision });
  }
  for (const entry of effective) {
    const { change, after } = entry;
    const way = wayOf(disk, entry, placeOf(change.key));
    if (way === null) conflicts.push(change.key);
    else steps.push({ key: change.key, ...way, ...after });
  }
  if (conflicts.length > 0) throw conflictError(disk.location, conflicts);
  return steps;
}

/** `null` when the content is no longer the expected one. */
function wayOf(disk: Disk, { change, after }: EffectiveChange, place: Place): Way | null {
  const { path } = place;
  let from: Side = null;
  let mode: number | null = null;
  let seen: Stamp | undefined;
  if (place.found !== null && isDirectoryEntry(change.key)) from = { type: 'directory' };
  else if (place.found !== null) {
    const file = readRegular(disk, path);
    const oid = file === null ? null : blobId(file.content);
    if (file === null || oid === null || oid !== change.expectedOid) return null;
    ({ mode, stamp: seen } = file);
    from = { type: 'file', oid, content: file.content, mode };
  }
  let to: Side = null;
  if (change.action === 'put' && after.oid !== null) {
    const { content } = change;
    to = isDirectoryEntry(change.key)
      ? { type: 'directory' }
      : { type: 'file', oid: after.oid, content, mode };
  }
  return { path, from, to, ...(seen === undefined ? {} : { seen }) };
}

async function carryOutOrConflict(disk: Disk, ledger: Ledger, steps: readonly Step[]): Promise<void> {
  try {
    await carryOut(disk, ledger, steps);
  } catch (error) {
    if (!(error instanceof ChangedMeanwhile)) throw error;
    const keys = steps.filter(({ path }) => path === error.path).map(({ key }) => key);
    throw conflictError(disk.location, keys);
  }
}
