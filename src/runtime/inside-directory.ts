import { readlink, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { explainingDiskFailures } from '../disk/failures.js';
import { DirectoryNotFoundError, UnsafePathError } from '../errors.js';

/**
 * The absolute path of `name` below `root`. A path that leaves the root is refused, also one that would leave it
 * through a symbolic link, such as a cloned repository may hold.
 * @throws UnsafePathError, DirectoryNotFoundError when there is no root
 */
export async function insideDirectory(root: string, name: string): Promise<string> {
  const path = resolve(root, name);
  if (name.includes('\0') || isAbsolute(name) || !isBelow(root, path)) throw unsafe(name);
  const real = await explainingDiskFailures(`look at ${path}`, () => realOrNearest(path));
  if (!isBelow(await realRoot(root), real)) throw unsafe(name);
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

/** As the kernel: so many links one after the other lead nowhere. */
const mostLinks = 40;

/** The real path of what exists of `path`, with the rest appended; below a file nothing exists. */
async function realOrNearest(path: string, links = mostLinks): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if ((code !== 'ENOENT' && code !== 'ENOTDIR') || dirname(path) === path || links === 0) throw error;
    const parent = await realOrNearest(dirname(path), links);
    // A link to what does not exist: who writes there would make it.
    const target = await readlink(path).catch(() => null);
    return target === null ? join(parent, basename(path)) : realOrNearest(resolve(parent, target), links - 1);
  }
}

function unsafe(name: string): UnsafePathError {
  return new UnsafePathError(`The path "${name}" leaves the working directory.`, {
    hint: 'Use a relative path without "..".',
    data: { path: name },
  });
}
