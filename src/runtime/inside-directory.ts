import { realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { DirectoryNotFoundError, UnsafePathError } from '../errors.js';

/**
 * The absolute path of `name` below `root`. A path that leaves the root is refused, also one that would leave it
 * through a symbolic link, such as a cloned repository may hold.
 * @throws UnsafePathError, DirectoryNotFoundError when there is no root
 */
export async function insideDirectory(root: string, name: string): Promise<string> {
  const path = resolve(root, name);
  if (name.includes('\0') || isAbsolute(name) || !isBelow(root, path)) throw unsafe(name);
  if (!isBelow(await realRoot(root), await realOrNearest(path))) throw unsafe(name);
  return path;
}

function isBelow(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

async function realRoot(root: string): Promise<string> {
  try {
    return await realpath(root);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw cause;
    throw new DirectoryNotFoundError(`The working directory "${root}" does not exist.`, {
      hint: 'Create it, or name one that is there.',
      data: { directory: root },
      cause,
    });
  }
}

/** The real path of what exists of `path`, with the rest appended. */
async function realOrNearest(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error;
    return join(await realOrNearest(dirname(path)), path.slice(dirname(path).length));
  }
}

function unsafe(name: string): UnsafePathError {
  return new UnsafePathError(`The path "${name}" leaves the working directory.`, {
    hint: 'Use a relative path without "..".',
    data: { path: name },
  });
}
