import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { git } from './git.js';
import { blobsStream, filesStream, historyStream, revisionStream } from './import-streams.js';
import type { FileSet } from './programs/contents.js';

/** A bare repository below the served directory. */
export interface Repository {
  /** Name below the server's root. */
  name: string;
  path: string;
  /** The commit that `main` is at before a run. */
  base: string;
  /** Commits that follow one another from `base`, each with as many changed files as asked for. */
  chain: string[];
}

export type RepositorySpec =
  | { kind: 'files'; set: FileSet; changed?: number; revisions?: number }
  | { kind: 'history'; set: FileSet; commits: number }
  | { kind: 'blobs'; count: number; bytes: number };

/** A change of what is built makes the repositories of an earlier version of the benchmark useless. */
const version = 1;

/** Builds a repository below `root`, or takes the one that is there. Chains live beside each other in one repository. */
export async function buildRepository(root: string, spec: RepositorySpec): Promise<Repository> {
  const name = `${nameOf(spec)}-v${version}.git`;
  const path = join(root, name);
  if (!(await exists(path))) await build(path, spec);
  const base = (await readFile(join(path, 'bench-base'), 'utf8')).trim();
  const chain = spec.kind === 'files' ? await buildChain(path, base, spec) : [];
  return { name, path, base, chain };
}

/** Puts `main` of a repository to a commit. */
export async function resetMain({ path, base }: Repository, commit = base): Promise<void> {
  await git(['-C', path, 'update-ref', 'refs/heads/main', commit]);
}

/** An empty repository, for a first push. */
export async function emptyRepository(path: string): Promise<void> {
  await git(['init', '--quiet', '--bare', '--initial-branch=main', path]);
  await git(['-C', path, 'config', 'receive.autogc', 'false']);
}

function nameOf(spec: RepositorySpec): string {
  switch (spec.kind) {
    case 'files':
      return `${spec.set.layout}-${spec.set.count}`;
    case 'history':
      return `history-${spec.set.count}-${spec.commits}`;
    case 'blobs':
      return `blobs-${spec.count}-${spec.bytes}`;
  }
}

/** Under another name until it is whole, so that an interrupted build is never taken for one. */
async function build(path: string, spec: RepositorySpec): Promise<void> {
  const unfinished = `${path}.${process.pid}`;
  await rm(unfinished, { recursive: true, force: true });
  try {
    await emptyRepository(unfinished);
    // No other branch is to be advertised than what a run reads.
    await git(['-C', unfinished, 'config', 'transfer.hideRefs', 'refs/bench']);
    await git(['-C', unfinished, 'fast-import', '--quiet'], streamOf(spec));
    // Random blobs have no deltas to look for.
    await git(['-C', unfinished, 'repack', '-adq', ...(spec.kind === 'blobs' ? ['--window=0'] : ['-f'])]);
    const base = (await git(['-C', unfinished, 'rev-parse', 'refs/heads/main'])).toString().trim();
    await writeFile(join(unfinished, 'bench-base'), base);
    await rename(unfinished, path);
  } finally {
    await removeDirectory(unfinished);
  }
}

function streamOf(spec: RepositorySpec): Iterable<Buffer> {
  switch (spec.kind) {
    case 'files':
      return filesStream(spec.set);
    case 'history':
      return historyStream(spec.set, spec.commits);
    case 'blobs':
      return blobsStream(spec.count, spec.bytes);
  }
}

async function buildChain(
  path: string,
  base: string,
  { set, changed = 0, revisions = 0 }: Extract<RepositorySpec, { kind: 'files' }>,
): Promise<string[]> {
  const chain: string[] = [];
  let added = 0;
  for (let revision = 1; revision <= revisions; revision++) {
    const ref = `refs/bench/${changed}/${revision}`;
    if (!(await exists(join(path, ref)))) {
      await git(
        ['-C', path, 'fast-import', '--quiet', '--force'],
        revisionStream(set, { ref, parent: chain.at(-1) ?? base, changed, revision }),
      );
      added++;
    }
    chain.push((await git(['-C', path, 'rev-parse', ref])).toString().trim());
  }
  if (added > 0) await git(['-C', path, 'repack', '-dq']);
  return chain;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Makes the directories a benchmark lives in. */
export async function prepareDirectory(path: string): Promise<string> {
  await mkdir(path, { recursive: true });
  return path;
}

/** Removes a directory, even while processes end that were interrupted and still write there. */
export async function removeDirectory(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
}
