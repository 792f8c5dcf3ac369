import { join } from 'node:path';
import { type Arena, inTemporary } from '../arena.js';
import type { BenchCase, OursRun } from '../contest.js';
import { git } from '../git.js';
import { scopedSync } from '../git-jobs.js';
import { areaName, type FileSet } from '../programs/contents.js';
import { type Repository, resetMain } from '../repositories.js';
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

/** Bytes of the pack that git makes of a directory alone. */
async function packSize({ path, base }: Repository, directory: string): Promise<number> {
  const tree = (await git(['-C', path, 'rev-parse', `${base}:${directory}`])).toString();
  const flags = ['--revs', '--stdout', '--delta-base-offset', '-q'];
  return (await git(['-C', path, 'pack-objects', ...flags], tree)).length;
}
