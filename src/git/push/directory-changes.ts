import { InvalidPropertiesError, UnsupportedError } from '../../errors.js';
import { toRawName } from '../objects/raw-tree.js';
import { splitRepositoryPath } from '../repository-path.js';
import type { FileChange } from '../types.js';

/** File changes by directory; names are as in `RawTreeEntry`. */
export interface DirectoryChanges {
  files: Map<string, FileChange>;
  directories: Map<string, DirectoryChanges>;
  /** Whether anything is written in here or below, rather than only deleted. */
  hasWrites: boolean;
}

/**
 * Sorts changes into the directories they touch.
 * @throws UnsafePathError for a path git would refuse, InvalidPropertiesError for two changes that exclude each other
 */
export function groupByDirectory(changes: readonly FileChange[]): DirectoryChanges {
  const root = newDirectory();
  for (const change of changes) {
    const names = splitRepositoryPath(change.path).map(toRawName);
    if (change.mode === '160000') {
      throw new UnsupportedError(`Submodules cannot be committed: ${JSON.stringify(change.path)}.`);
    }
    let directory = root;
    for (const name of names.slice(0, -1)) {
      directory.hasWrites ||= change.content !== null;
      directory = directoryAt(directory, name);
    }
    directory.hasWrites ||= change.content !== null;
    const name = names.at(-1) ?? '';
    if (directory.files.has(name)) throw contradiction(change.path, 'is changed twice');
    directory.files.set(name, change);
  }
  refuseOverlaps(root);
  return root;
}

function directoryAt(parent: DirectoryChanges, name: string): DirectoryChanges {
  let directory = parent.directories.get(name);
  if (directory === undefined) {
    directory = newDirectory();
    parent.directories.set(name, directory);
  }
  return directory;
}

/** A path may be deleted as a file and written as a directory, or the reverse, but not be both afterwards. */
function refuseOverlaps(directory: DirectoryChanges): void {
  for (const [name, below] of directory.directories) {
    const file = directory.files.get(name);
    if (file !== undefined && file.content !== null) {
      if (below.hasWrites) throw contradiction(file.path, 'would be a file and a directory');
      directory.directories.delete(name);
      continue;
    }
    refuseOverlaps(below);
  }
}

function contradiction(path: string, what: string): InvalidPropertiesError {
  return new InvalidPropertiesError(`The path ${JSON.stringify(path)} ${what} in one commit.`, {
    data: { path },
  });
}

function newDirectory(): DirectoryChanges {
  return { files: new Map(), directories: new Map(), hasWrites: false };
}
