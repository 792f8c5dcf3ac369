import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { command, git } from './git.js';
import { changedIndexes, type FileSet, gitDirectoryOf, makeFile } from './programs/contents.js';

/**
 * The whole equivalent jobs as a script around git does them, with git's best flags. Each returns the milliseconds of
 * its processes and of writing files; directories are given and cleared by the caller.
 */
const shallow = ['--quiet', '--depth=1', '--single-branch', '--no-tags'];

/** The contents in a work tree; with `place`, copied from there to where they belong. */
export function coldSync(url: string, directory: string, place: string | null): Promise<number> {
  return timed(async () => {
    await git(['clone', ...shallow, url, directory]);
    if (place !== null) await copyIntoPlace(directory, place);
  });
}

/** What follows a checkout when the files belong elsewhere. */
export function copyIntoPlace(directory: string, place: string): Promise<number> {
  return timed(() => command('cp', ['-R', directory, place]));
}

/** One directory of a large repository. */
export function scopedSync(url: string, directory: string, only: string): Promise<number> {
  return timed(async () => {
    await git(['clone', ...shallow, '--filter=blob:none', '--sparse', url, directory]);
    await git(['-C', directory, 'sparse-checkout', 'set', only]);
  });
}

/** A clone that is kept for the runs to come; with `only`, of one directory. */
export async function prepareClone(
  url: string,
  directory: string,
  only: string | null = null,
): Promise<void> {
  if (only === null) await git(['clone', ...shallow, url, directory]);
  else await scopedSync(url, directory, only);
}

/** Fetches into a kept clone, compares, and brings the changed files into its work tree. */
export function nextSync(directory: string): Promise<number> {
  return timed(async () => {
    await git(['-C', directory, 'fetch', '--quiet', '--no-tags', 'origin', 'main']);
    await git(['-C', directory, 'diff', '--name-only', '-z', 'HEAD', 'FETCH_HEAD']);
    await git(['-C', directory, 'merge', '--quiet', '--ff-only', 'FETCH_HEAD']);
  });
}

/** Asks what the branch is at. */
export function askForBranch(url: string): Promise<number> {
  return timed(() => git(['ls-remote', '--quiet', url, 'refs/heads/main']));
}

/** Clones to disk, with `depth` 0 the whole history. */
export function clone(url: string, directory: string, depth: number): Promise<number> {
  const flags = depth > 0 ? shallow : ['--quiet', '--single-branch', '--no-tags'];
  return timed(() => git(['clone', ...flags, url, directory]));
}

/** Clones, writes the changed files, adds, commits and pushes. */
export function push(url: string, directory: string, set: FileSet, changed: number): Promise<number> {
  return timed(async () => {
    await git(['clone', ...shallow, url, directory]);
    await writeFiles(directory, set, changedIndexes(set, changed, 1), 1);
    await commitAndPush(directory, url);
  });
}

/** Makes a repository of all files and pushes it to an empty one. */
export function firstPush(url: string, directory: string, set: FileSet): Promise<number> {
  const indexes = Array.from({ length: set.count }, (_, index) => index);
  return timed(async () => {
    await git(['init', '--quiet', '--initial-branch=main', directory]);
    await writeFiles(directory, set, indexes, 0);
    await commitAndPush(directory, url);
  });
}

async function commitAndPush(directory: string, url: string): Promise<void> {
  await git(['-C', directory, 'add', '--all']);
  await git(['-C', directory, 'commit', '--quiet', '--no-verify', '--message', 'Files of the team']);
  await git(['-C', directory, 'push', '--quiet', url, 'HEAD:refs/heads/main']);
}

async function writeFiles(
  root: string,
  set: FileSet,
  indexes: readonly number[],
  revision: number,
): Promise<void> {
  const made = new Set<string>();
  const writing = new Set<Promise<void>>();
  for (const index of indexes) {
    const { path, content } = makeFile(set, index, revision);
    const file = join(root, gitDirectoryOf(set), path);
    const directory = dirname(file);
    if (!made.has(directory)) await mkdir(directory, { recursive: true });
    made.add(directory);
    const written = writeFile(file, content).finally(() => writing.delete(written));
    writing.add(written);
    if (writing.size >= 16) await Promise.race(writing);
  }
  await Promise.all(writing);
}

async function timed(job: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await job();
  return performance.now() - start;
}
