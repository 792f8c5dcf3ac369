import { UnsafePathError } from '../errors.js';
import { unsafeNameReason } from './objects/unsafe-name.js';

/**
 * The parts of a path below a repository's root.
 * @throws UnsafePathError for what git would refuse: absolute, `..`, `.git` in any spelling, empty parts
 */
export function splitRepositoryPath(path: string): string[] {
  const parts = path.split('/');
  for (const part of parts) {
    const reason = /\p{Surrogate}/u.test(part) ? 'is not Unicode' : unsafeNameReason(part);
    if (reason === null) continue;
    throw new UnsafePathError(
      `The path ${JSON.stringify(path)} is refused: ${JSON.stringify(part)} ${reason}.`,
      {
        hint: 'Paths are relative to the root of the repository, with "/" between their parts.',
        data: { path },
      },
    );
  }
  return parts;
}
