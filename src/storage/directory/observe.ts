import { blobId, emptyBlobId } from '../../resources/blob-id.js';
import type { Known } from '../batch.js';
import { type Disk, readRegular } from './disk.js';
import type { Row } from './revisions.js';
import { isRacy, type Stamp, sameStamp } from './stamp.js';
import type { Found } from './walk.js';

/** A resource's present state, and the row that would record it. */
export interface Observation extends Known {
  row: Row;
  /**
   * `clean`: the row was right and nothing was read. `reread`: the content was read and is what the row says.
   * `changed`: someone changed the resource since the row was made, so it has a new revision.
   */
  outcome: 'clean' | 'reread' | 'changed';
}

export interface FoundObservation extends Observation {
  oid: string;
  size: number;
}

/** Compares what was found with its row. `null` when it was removed since it was found. */
export function observeFound(disk: Disk, found: Found, row: Row | undefined): FoundObservation | null {
  if (found.stamp === null) return compare(row, emptyBlobId, 0, null);
  if (row !== undefined && row.oid !== null && row.stamp !== null && sameStamp(row.stamp, found.stamp)) {
    return { oid: row.oid, revision: row.revision, size: found.stamp.size, row, outcome: 'clean' };
  }
  const clockMs = Date.now();
  const file = readRegular(disk, found.path);
  if (file === null) return null;
  return observeContent(file, row, clockMs);
}

/** Compares a content that was just read with its row; `clockMs` is the time before the reading. */
export function observeContent(
  file: { content: Uint8Array; stamp: Stamp },
  row: Row | undefined,
  clockMs: number,
): FoundObservation {
  const stamp = isRacy(file.stamp, clockMs) ? null : file.stamp;
  return compare(row, blobId(file.content), file.content.byteLength, stamp);
}

/** The state of a resource that is not there; `undefined` when it never was. */
export function observeAbsent(row: Row | undefined): Observation | undefined {
  if (row === undefined) return undefined;
  if (row.oid === null) return { oid: null, revision: row.revision, row, outcome: 'clean' };
  const revision = row.revision + 1;
  return { oid: null, revision, row: { oid: null, revision, stamp: null }, outcome: 'changed' };
}

function compare(row: Row | undefined, oid: string, size: number, stamp: Stamp | null): FoundObservation {
  if (row !== undefined && row.oid === oid) {
    const outcome = stamp === null && row.stamp === null && size === 0 ? 'clean' : 'reread';
    return { oid, revision: row.revision, size, row: { oid, revision: row.revision, stamp }, outcome };
  }
  const revision = (row?.revision ?? 0) + 1;
  return { oid, revision, size, row: { oid, revision, stamp }, outcome: 'changed' };
}
