import { join } from 'node:path';
import { type Arena, inTemporary } from '../arena.js';
import type { BenchCase, Target } from '../contest.js';
import { coldSync, copyIntoPlace } from '../git-jobs.js';
import type { FileSet } from '../programs/contents.js';
import { type RepositorySpec, resetMain } from '../repositories.js';
import { expectWritten, plainClone } from './jobs.js';

interface ColdSync {
  name: string;
  spec: RepositorySpec;
  written: number;
  storage: 'memory' | 'file';
  target: Target | null;
  /** False where only ours is of interest. */
  compared?: boolean;
  heavy?: boolean;
}

/** A first sync of everything: nothing is cached, storage is empty. */
export function coldSyncCase(
  arena: Arena,
  { name, spec, written, storage, target, compared = true, heavy = false }: ColdSync,
): BenchCase {
  return {
    name,
    target,
    heavy,
    async open() {
      const repository = await arena.repository(spec);
      await resetMain(repository);
      const url = arena.urlOf(repository);
      const flows = spec.kind === 'files' && spec.set.layout === 'flows';
      return {
        warmUps: 0,
        ours: () =>
          inTemporary(arena, async (directory) => {
            const run = await arena.runOurs(name, {
              kind: flows ? 'sync-flows' : 'sync-files',
              url,
              gitDirectory: flows ? '_flows' : '_files',
              storage: storage === 'memory' ? 'memory:' : `file:${join(directory, 'storage')}`,
              cacheDir: join(directory, 'cache'),
            });
            return expectWritten(run, written);
          }),
        git: compared
          ? () =>
              inTemporary(arena, (directory) =>
                coldSync(url, join(directory, 'clone'), storage === 'file' ? join(directory, 'place') : null),
              )
          : null,
        isomorphicGit: compared
          ? () =>
              inTemporary(arena, async (directory) => {
                if (storage === 'memory') return arena.runIsomorphic(plainClone(url));
                const clone = join(directory, 'clone');
                const ms = await arena.runIsomorphic({ ...plainClone(url), directory: clone });
                return ms + (await copyIntoPlace(clone, join(directory, 'place')));
              })
          : null,
      };
    },
  };
}

/** A first sync of as many small files. */
export function coldSyncOf(
  arena: Arena,
  name: string,
  files: FileSet,
  storage: 'memory' | 'file',
  target: Target,
): BenchCase {
  const set = { ...files, count: arena.size(files.count) };
  return coldSyncCase(arena, { name, spec: { kind: 'files', set }, written: set.count, storage, target });
}
