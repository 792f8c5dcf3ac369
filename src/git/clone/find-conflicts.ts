import { type BigIntStats, lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { CheckoutConflictError } from '../../errors.js';
import { hashBlob } from '../objects/hash.js';
import { fromRawName } from '../objects/raw-tree.js';
import { diskPath } from './disk-path.js';
import type { CheckoutList } from './list-checkout.js';

const listedInMessage = 10;

/**
 * Looks at what already stands where a checkout would write. Files with the same content are kept as they are.
 * @returns paths of the checkout that are there already, with the same content
 * @throws CheckoutConflictError that lists what stands in the way
 */
export function findConflicts(root: string, list: CheckoutList): Set<string> {
  const present = new Set<string>();
  const conflicts: string[] = [];
  /** Directories that are not there, or cannot be: nothing below them needs a look. */
  const closed = new Set<string>();

  for (const path of [...list.directories, ...list.gitlinks.map((link) => link.path)]) {
    const stats = closed.has(parentOf(path)) ? null : statOf(root, path);
    if (stats === null) {
      closed.add(path);
    } else if (!stats.isDirectory()) {
      closed.add(path);
      conflicts.push(path);
    } else {
      present.add(path);
    }
  }
  for (const { path, mode, oid } of [...list.files, ...list.links]) {
    const stats = closed.has(parentOf(path)) ? null : statOf(root, path);
    if (stats === null) continue;
    if (contentId(root, path, mode, stats) === oid) present.add(path);
    else conflicts.push(path);
  }
  if (conflicts.length > 0) throw conflictError(root, conflicts.map(fromRawName));
  return present;
}

/** Null for what is of another kind than the checkout's. */
function contentId(root: string, path: string, mode: string, stats: BigIntStats): string | null {
  const file = diskPath(root, path);
  if (mode === '120000') return stats.isSymbolicLink() ? hashBlob(readlinkSync(file, 'buffer')) : null;
  return stats.isFile() ? hashBlob(readFileSync(file)) : null;
}

function statOf(root: string, path: string): BigIntStats | null {
  return lstatSync(diskPath(root, path), { bigint: true, throwIfNoEntry: false }) ?? null;
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

function conflictError(root: string, paths: string[]): CheckoutConflictError {
  const shown = paths.slice(0, listedInMessage).join(', ');
  const more = paths.length > listedInMessage ? ` and ${paths.length - listedInMessage} more` : '';
  return new CheckoutConflictError(`The checkout would overwrite files in ${root}: ${shown}${more}.`, {
    hint: 'Move them away, or clone into another directory.',
    data: { directory: root, paths },
  });
}
