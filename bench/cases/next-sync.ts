import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Arena } from '../arena.js';
import type { BenchCase, Fact, Target } from '../contest.js';
import { countSentBlobs, writePackKeeper } from '../count-blobs.js';
import { nextSync, prepareClone } from '../git-jobs.js';
import { type FileSet, gitDirectoryOf } from '../programs/contents.js';
import type { SyncJob } from '../programs/jobs.js';
import { type Repository, removeDirectory, resetMain } from '../repositories.js';
import { startServer } from '../server.js';
import { expectWritten, plainClone } from './jobs.js';

/** A sync after an earlier one: `changed` files differ, each round brings another commit. In-process. */
export function nextSyncCase(
  arena: Arena,
  name: string,
  files: FileSet,
  changes: number,
  target: Target | null,
): BenchCase {
  const set = { ...files, count: arena.size(files.count) };
  const changed = Math.min(changes, set.count / 2);
  return {
    name,
    target,
    async open() {
      const repository = await arena.repository({ kind: 'files', set, changed, revisions: arena.revisions });
      await resetMain(repository);
      const url = arena.urlOf(repository);
      const directory = await arena.temporary();
      const job = jobOf(url, set, join(directory, 'cache'));
      const ours = await arena.startOurs(name, job);
      const clone = join(directory, 'clone');
      await prepareClone(url, clone);
      let isomorphic: Awaited<ReturnType<Arena['startIsomorphic']>> | null = null;
      return {
        warmUps: arena.warmUps,
        async beforeRound(round) {
          await resetMain(repository, repository.chain[round - 1]);
        },
        ours: async () => expectWritten(await ours.run(), changed),
        git: () => nextSync(clone),
        async isomorphicGit() {
          isomorphic ??= await startBehind(arena, repository);
          return isomorphic.run();
        },
        facts: async () => [await transferredBlobs(arena, name, { repository, set, changed })],
        async close() {
          await Promise.all([ours.close(), isomorphic?.close()]);
          await removeDirectory(directory);
        },
      };
    },
  };
}

/** Its first clone is made when it is first asked for, of the commit before the first round. */
async function startBehind(arena: Arena, repository: Repository) {
  const [first = repository.base] = repository.chain;
  await resetMain(repository);
  const program = await arena.startIsomorphic({ ...plainClone(arena.urlOf(repository)), kind: 'pull' });
  await resetMain(repository, first);
  return program;
}

/** One more run against a server that keeps what it sends, for git to look into. */
async function transferredBlobs(
  arena: Arena,
  name: string,
  { repository, set, changed }: { repository: Repository; set: FileSet; changed: number },
): Promise<Fact> {
  const directory = await mkdtemp(join(await arena.temporary(), 'packs-'));
  const hook = await writePackKeeper(directory);
  const server = await startServer({ root: arena.root, latencyMs: 0, packObjectsHook: hook });
  try {
    await resetMain(repository);
    const program = await arena.startOurs(
      `${name}-blobs`,
      jobOf(`${server.url}/${repository.name}`, set, join(directory, 'cache')),
    );
    await countSentBlobs(directory, repository.path);
    await resetMain(repository, repository.chain[0]);
    await program.run();
    const blobs = await countSentBlobs(directory, repository.path);
    await program.close();
    return { text: `${blobs} blobs transferred for ${changed} changed files`, holds: blobs === changed };
  } finally {
    await server.close();
  }
}

function jobOf(url: string, set: FileSet, cacheDir: string): SyncJob {
  const kind = set.layout === 'flows' ? 'sync-flows' : 'sync-files';
  return { kind, url, gitDirectory: gitDirectoryOf(set), storage: 'memory:', cacheDir };
}
