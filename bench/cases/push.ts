import { join } from 'node:path';
import { type Arena, inTemporary } from '../arena.js';
import type { BenchCase, Contest } from '../contest.js';
import { firstPush, push } from '../git-jobs.js';
import type { FileSet } from '../programs/contents.js';
import { emptyRepository, removeDirectory, resetMain } from '../repositories.js';
import { expectWritten, plainClone } from './jobs.js';

/** Some of the files of a namespace differ from git's; nothing is cached. Filling the storage does not count. */
export function pushCase(arena: Arena): BenchCase {
  const name = 'push-10-of-10000';
  const set: FileSet = { layout: 'files', count: arena.size(10_000) };
  const changed = 10;
  return {
    name,
    target: { ratioToGit: 0.5 },
    async open(): Promise<Contest> {
      const repository = await arena.repository({ kind: 'files', set });
      const url = arena.urlOf(repository);
      const fresh = <T>(run: (directory: string) => Promise<T>): Promise<T> =>
        inTemporary(arena, async (directory) => {
          await resetMain(repository);
          return run(directory);
        });
      return {
        warmUps: 0,
        ours: () =>
          fresh(async (cacheDir) => {
            const job = { kind: 'push-files', url, storage: 'memory:', cacheDir, set, changed } as const;
            return expectWritten(await arena.runOurs(name, job), changed);
          }),
        git: () => fresh((directory) => push(url, join(directory, 'clone'), set, changed)),
        isomorphicGit: () =>
          fresh(() => arena.runIsomorphic({ ...plainClone(url), kind: 'push', set, changed })),
        close: () => resetMain(repository),
      };
    },
  };
}

/** All files of a namespace go to an empty repository. */
export function firstPushCase(arena: Arena): BenchCase {
  const name = 'first-push-10000';
  const set: FileSet = { layout: 'files', count: arena.size(10_000) };
  let pushes = 0;
  /** Every push finds a new repository, because the one before filled it. */
  const fresh = async <T>(run: (url: string, directory: string) => Promise<T>): Promise<T> => {
    const repository = `first-push-${process.pid}-${pushes++}.git`;
    const path = join(arena.root, repository);
    await emptyRepository(path);
    try {
      return await inTemporary(arena, (directory) => run(arena.urlOf({ name: repository }), directory));
    } finally {
      await removeDirectory(path);
    }
  };
  return {
    name,
    target: { ratioToGit: 0.4 },
    async open(): Promise<Contest> {
      return {
        warmUps: 0,
        ours: () =>
          fresh(async (url, cacheDir) => {
            const job = { kind: 'push-files', url, storage: 'memory:', cacheDir, set, changed: 0 } as const;
            return expectWritten(await arena.runOurs(name, job), set.count);
          }),
        git: () => fresh((url, directory) => firstPush(url, join(directory, 'work'), set)),
        isomorphicGit: () =>
          fresh((url) => arena.runIsomorphic({ ...plainClone(url), kind: 'push', set, changed: set.count })),
      };
    },
  };
}
