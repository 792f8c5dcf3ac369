import type { Arena } from '../arena.js';
import type { BenchCase } from '../contest.js';
import { askForBranch } from '../git-jobs.js';
import { resetMain } from '../repositories.js';
import { expectWritten, plainClone } from './jobs.js';

/** A sync when the branch and the storage are as the last one left them. In-process. */
export function noChangeCase(arena: Arena): BenchCase {
  const name = 'no-change';
  return {
    name,
    target: { ratioToGit: 0.5, requests: 1 },
    async open() {
      const set = { layout: 'files', count: arena.size(10_000) } as const;
      const repository = await arena.repository({ kind: 'files', set });
      await resetMain(repository);
      const url = arena.urlOf(repository);
      const ours = await arena.startOurs(name, {
        kind: 'sync-files',
        url,
        gitDirectory: '_files',
        storage: 'memory:',
        cacheDir: await arena.temporary(),
      });
      const isomorphic = await arena.startIsomorphic({ ...plainClone(url), kind: 'list-refs' });
      return {
        warmUps: arena.warmUps,
        ours: async () => expectWritten(await ours.run(), 0),
        git: () => askForBranch(url),
        isomorphicGit: isomorphic.run,
        async close() {
          await Promise.all([ours.close(), isomorphic.close()]);
        },
      };
    },
  };
}
