import { ConflictError } from '../errors.js';
import type { ComparedChange } from './compare.js';
import { isChange } from './make-plan.js';

/**
 * Refuses changes that would need one path to be a file and a directory at once. Without this a commit would silently
 * drop whatever was in the way, also what is outside the run's scope.
 * @throws ConflictError
 */
export function refusePathClashes(changes: readonly ComparedChange[], existing: Iterable<string>): void {
  const effective = changes.filter(isChange);
  // What was there already stood beside everything else.
  if (effective.every(({ before }) => before !== null)) return;
  const gone = new Set(effective.filter(({ state }) => state === 'DELETED').map(({ gitPath }) => gitPath));
  const written = effective.filter(({ state }) => state !== 'DELETED').map(({ gitPath }) => gitPath);
  if (written.length === 0) return;
  const files = new Set(written);
  for (const path of existing) if (!gone.has(path)) files.add(path);
  const directories = new Map<string, string>();
  for (const path of files) {
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      const directory = path.slice(0, slash);
      // Whatever it lies in is known as well.
      if (directories.has(directory)) break;
      directories.set(directory, path);
    }
  }
  for (const [directory, inside] of directories) {
    if (!files.has(directory)) continue;
    throw new ConflictError(`${directory} would have to be a file and, because of ${inside}, a directory.`, {
      hint: 'Rename or remove one of the two.',
      data: { paths: [directory, inside] },
    });
  }
}
