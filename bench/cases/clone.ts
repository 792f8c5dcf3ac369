import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Arena, inTemporary } from '../arena.js';
import type { BenchCase, Target } from '../contest.js';
import { clone } from '../git-jobs.js';
import { type RepositorySpec, resetMain } from '../repositories.js';
import { expectWritten, plainClone } from './jobs.js';

/** The Clone task, to disk. `depth` 0 brings the whole history. */
export function cloneCase(
  arena: Arena,
  options: {
    name: string;
    spec: RepositorySpec;
    depth: number;
    target: Target | null;
    heavy?: boolean;
  },
): BenchCase {
  const { name, spec, depth, target, heavy = false } = options;
  return {
    name,
    target,
    heavy,
    async open() {
      const repository = await arena.repository(spec);
      await resetMain(repository);
      const url = arena.urlOf(repository);
      return {
        warmUps: 0,
        ours: () =>
          inTemporary(arena, async (temporary) => {
            const directory = join(temporary, 'clone');
            await mkdir(directory);
            const job = { kind: 'clone', url, directory, depth, cacheDir: join(temporary, 'cache') } as const;
            return expectWritten(await arena.runOurs(name, job), 1);
          }),
        git: () => inTemporary(arena, (directory) => clone(url, join(directory, 'clone'), depth)),
        isomorphicGit: () =>
          inTemporary(arena, (temporary) =>
            arena.runIsomorphic({ ...plainClone(url), directory: join(temporary, 'clone'), depth }),
          ),
      };
    },
  };
}
