import { join } from 'node:path';
import { type Arena, inTemporary } from '../arena.js';
import type { BenchCase, OursRun } from '../contest.js';
import { git } from '../git.js';
import { nextSync, prepareClone, scopedSync } from '../git-jobs.js';
import { areaName, changedIndexes, type FileSet, makeFile } from '../programs/contents.js';
import { type Repository, removeDirectory, resetMain } from '../repositories.js';
import { expectWritten, plainClone } from './jobs.js';

const filesPerArea = 500;
/** The share of the synced directory's own pack that may go over the wire. */
const mostBytes = 1.5;

/** One directory of a monorepo. */
export function scopedSyncCase(arena: Arena): BenchCase {
  const set: FileSet = { layout: 'files', count: arena.size(200_000) };
  const name = 'monorepo-500-of-200000';
  return {
    name,
    target: { ratioToGit: 0.25 },
    async open() {
      const repository = await arena.repository({ kind: 'files', set });
      await resetMain(repository);
      const url = arena.urlOf(repository);
      const gitDirectory = `_files/${areaName(1)}`;
      let last: OursRun | null = null;
      return {
        warmUps: 0,
        ours: () =>
          inTemporary(arena, async (cacheDir) => {
            const job = { kind: 'sync-files', url, gitDirectory, storage: 'memory:', cacheDir } as const;
            last = expectWritten(await arena.runOurs(name, job), filesPerArea);
            return last;
          }),
        git: () => inTemporary(arena, (directory) => scopedSync(url, join(directory, 'clone'), gitDirectory)),
        // It has neither filters nor sparse checkouts, but can leave the rest out of its work tree.
        isomorphicGit: () => arena.runIsomorphic({ ...plainClone(url), only: gitDirectory }),
        async facts() {
          const packed = await packSize(repository, gitDirectory);
          const ratio = (last?.bytesDown ?? Number.NaN) / packed;
          return [
            {
              text: `${ratio.toFixed(2)} of the directory's own pack (${packed} bytes), at most ${mostBytes}`,
              holds: ratio <= mostBytes,
            },
          ];
        },
      };
    },
  };
}

/** The same directory after an earlier sync: each round brings a commit that changes files all over the repository. */
export function nextScopedSyncCase(arena: Arena): BenchCase {
  const set: FileSet = { layout: 'files', count: arena.size(200_000) };
  const changed = arena.size(1_000);
  const area = areaName(1);
  const name = 'monorepo-changed-1000-of-200000';
  return {
    name,
    target: null,
    async open() {
      const repository = await arena.repository({ kind: 'files', set, changed, revisions: arena.revisions });
      await resetMain(repository);
      const url = arena.urlOf(repository);
      const gitDirectory = `_files/${area}`;
      const directory = await arena.temporary();
      const cacheDir = join(directory, 'cache');
      const job = { kind: 'sync-files', url, gitDirectory, storage: 'memory:', cacheDir } as const;
      const ours = await arena.startOurs(name, job);
      const clone = join(directory, 'clone');
      await prepareClone(url, clone, gitDirectory);
      let written = 0;
      return {
        warmUps: arena.warmUps,
        async beforeRound(round) {
          await resetMain(repository, repository.chain[round - 1]);
          const indexes = changedIndexes(set, changed, round);
          written = indexes.filter((index) => makeFile(set, index, round).path.startsWith(`${area}/`)).length;
        },
        ours: async () => expectWritten(await ours.run(), written),
        git: () => nextSync(clone),
        isomorphicGit: null,
        async close() {
          await ours.close();
          await removeDirectory(directory);
        },
      };
    },
  };
}

/** Bytes of the pack that git makes of a directory alone. */
async function packSize({ path, base }: Repository, directory: string): Promise<number> {
  const tree = (await git(['-C', path, 'rev-parse', `${base}:${directory}`])).toString();
  const flags = ['--revs', '--stdout', '--delta-base-offset', '-q'];
  return (await git(['-C', path, 'pack-objects', ...flags], tree)).length;
}
