import type { Stats } from 'node:fs';
import { lstat, mkdir, readdir, rm, rmdir, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { makeDirectories } from '../../disk/make-directories.js';
import { InvalidPropertiesError } from '../../errors.js';
import { diskPath } from './disk-path.js';

/** Where a clone goes, and how to leave it as it was found. */
export interface TargetDirectory {
  /** Absolute. */
  path: string;
  /** The `.git` in it: empty, and this clone's alone. */
  gitDirectory: string;
  /** Nothing but the clone is in it. */
  isEmpty: boolean;
  /** Notes a file or directory that the checkout made, by its path as bytes in latin1; parents before what is in them. */
  made(path: string): void;
  /** Removes all that the clone made, and nothing else; what others put there, before or meanwhile, stays. */
  rollback(): Promise<void>;
}

/**
 * Makes the directory if it is missing, and the `.git` in it. Of several clones into one directory at once, in whatever
 * processes, only one gets so far.
 * @throws InvalidPropertiesError when it is a file, or holds a repository already
 */
export async function prepareDirectory(directory: string): Promise<TargetDirectory> {
  const path = resolve(directory);
  const parents = await makeMissing(path);
  try {
    const names = await readdir(path);
    const present = names.find((name) => name.toLowerCase() === '.git');
    if (present !== undefined) throw await holdsRepository(path, present);
    const gitDirectory = await claim(path);
    const made: string[] = [];
    return {
      path,
      gitDirectory,
      isEmpty: names.length === 0,
      made: (file) => void made.push(file),
      // While the .git is there, nobody else begins.
      rollback: () =>
        removeAll(made.map((file) => diskPath(path, file)))
          .finally(() => rm(gitDirectory, { recursive: true, force: true }))
          .finally(() => removeAll(parents)),
    };
  } catch (error) {
    await removeAll(parents).catch(() => {});
    throw error;
  }
}

/** @returns the directories that it made, parents first */
async function makeMissing(path: string): Promise<string[]> {
  const present = await stat(path).catch(nullWhenMissing);
  if (present?.isDirectory()) return [];
  if (present !== null) {
    throw new InvalidPropertiesError(`${path} is not a directory.`, { hint: 'Choose another "directory".' });
  }
  const first = await makeDirectories(path);
  const made: string[] = [];
  // Nothing is said to be first when somebody else was faster.
  for (let at = path; first !== undefined && at.length >= first.length; at = dirname(at)) made.unshift(at);
  return made;
}

/** Of several who try, one succeeds: a directory is made by one of them. */
async function claim(path: string): Promise<string> {
  const gitDirectory = join(path, '.git');
  try {
    await mkdir(gitDirectory);
    return gitDirectory;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST')
      throw await holdsRepository(path);
    throw error;
  }
}

async function holdsRepository(path: string, name = '.git'): Promise<InvalidPropertiesError> {
  const hint = (await isUnfinished(join(path, name)))
    ? 'Wait for the clone that is at work there, or remove what a killed one left: the ".git" and its files.'
    : 'Choose another "directory", or remove the old clone (its ".git") first.';
  return new InvalidPropertiesError(`${path} already holds a git repository.`, {
    hint,
    data: { directory: path },
  });
}

/** Whether it is as a clone leaves it that did not come to its end: `HEAD` is written last. */
async function isUnfinished(gitDirectory: string): Promise<boolean> {
  // Of a submodule or another working tree it is a file.
  const names = await readdir(gitDirectory).catch(() => null);
  return names !== null && !names.includes('HEAD');
}

/**
 * @param made parents before what is in them
 * @throws the first error, after all others were removed
 */
async function removeAll(made: readonly (string | Buffer)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const path of made.toReversed()) await remove(path).catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

/** What is gone is gone, and a directory that somebody else has put something into stays. */
async function remove(path: string | Buffer): Promise<void> {
  try {
    await ((await lstat(path)).isDirectory() ? rmdir(path) : unlink(path));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!['ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST'].includes(code)) throw error;
  }
}

function nullWhenMissing(error: unknown): Stats | null {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
  throw error;
}
