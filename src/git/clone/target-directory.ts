import type { Stats } from 'node:fs';
import { lstat, mkdir, readdir, rm, rmdir, stat, unlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { InvalidPropertiesError } from '../../errors.js';

/** Where a clone goes, and how to leave it as it was found. */
export interface TargetDirectory {
  /** Absolute. */
  path: string;
  /** Nothing but the clone is in it. */
  isEmpty: boolean;
  /** Notes a file or directory made in a directory that was not empty. */
  made(path: string | Buffer): void;
  /** Removes all that the clone made; what was there before stays. */
  rollback(): Promise<void>;
}

/**
 * Makes the directory if it is missing.
 * @throws InvalidPropertiesError when it is a file, or holds a repository already
 */
export async function prepareDirectory(directory: string): Promise<TargetDirectory> {
  const path = resolve(directory);
  const present = await stat(path).catch(nullWhenMissing);
  if (present === null) {
    const first = (await mkdir(path, { recursive: true })) ?? path;
    return { path, isEmpty: true, made() {}, rollback: () => rm(first, { recursive: true, force: true }) };
  }
  if (!present.isDirectory()) {
    throw new InvalidPropertiesError(`${path} is not a directory.`, { hint: 'Choose another "directory".' });
  }
  const names = await readdir(path);
  if (names.some((name) => name.toLowerCase() === '.git')) {
    throw new InvalidPropertiesError(`${path} already holds a git repository.`, {
      hint: 'Choose another "directory", or remove the old clone (its ".git") first.',
      data: { directory: path },
    });
  }
  if (names.length === 0) return { path, isEmpty: true, made() {}, rollback: () => emptyDirectory(path) };
  const made: (string | Buffer)[] = [];
  return {
    path,
    isEmpty: false,
    made: (file) => void made.push(file),
    async rollback() {
      await rm(join(path, '.git'), { recursive: true, force: true });
      for (const file of made.reverse()) await remove(file);
    },
  };
}

async function emptyDirectory(path: string): Promise<void> {
  for (const name of await readdir(path)) await rm(join(path, name), { recursive: true, force: true });
}

/** A directory that somebody else has put something into meanwhile stays. */
async function remove(path: string | Buffer): Promise<void> {
  const stats = await lstat(path).catch(nullWhenMissing);
  if (stats === null) return;
  await (stats.isDirectory() ? rmdir(path) : unlink(path)).catch(() => {});
}

function nullWhenMissing(error: unknown): Stats | null {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
  throw error;
}
