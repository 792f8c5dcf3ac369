import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRunContext } from '../../src/runtime/create-context.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import { type GitServer, startGitServer } from '../../src/testing/git-server.js';
import { BareRepository, temporaryDirectory } from '../support/bare-repository.js';
import { MemoryGit } from './memory-git.js';
import { Player } from './play.js';
import { story } from './steps.js';
import type { ModelWorld } from './world.js';

/** `npm run model` asks for many more. */
const stories = Number(process.env.FLOWGIT_MODEL_RUNS ?? 200);

function inMemory(): ModelWorld {
  const memory = new MemoryGit();
  const storage = createMemoryStorage();
  return {
    storage,
    context: createRunContext({ storage, git: memory, identity: { namespace: 'system', flowId: 'runner' } }),
    git: {
      url: 'memory://host/flows.git',
      commit: async (files) => memory.commit(files),
      files: async () => memory.files(),
      tip: async () => memory.tip,
    },
  };
}

describe('syncs and pushes of files, against a model', () => {
  it(`lose nothing that the policy does not name, in ${stories} stories`, {
    timeout: 3_600_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(story, async (steps) => {
        const player = new Player(inMemory(), 'file');
        await player.prepare();
        await player.play(steps);
      }),
      { numRuns: stories },
    );
  });
});

describe('syncs and pushes of flows, against a model', () => {
  it(`lose nothing that the policy does not name, in ${stories} stories`, {
    timeout: 3_600_000,
  }, async () => {
    const seen: Record<string, number> = {};
    await fc.assert(
      fc.asyncProperty(story, async (steps) => {
        const player = new Player(inMemory(), 'flow');
        await player.prepare();
        await player.play(steps);
        for (const [outcome, count] of Object.entries(player.outcomes))
          seen[outcome] = (seen[outcome] ?? 0) + count;
      }),
      { numRuns: stories },
    );
    if (stories >= 1000) console.log(seen);
    for (const run of ['SYNC', 'PUSH', 'OTHER_SYNC']) expect(seen[`${run} SUCCESS`]).toBeGreaterThan(0);
    const refusals = [
      'SYNC CONFLICT',
      'PUSH CONFLICT',
      'SYNC INVALID_FLOW',
      'OTHER_SYNC OWNED_BY_ANOTHER_SYNC',
    ];
    for (const refusal of refusals) expect(seen[refusal]).toBeGreaterThan(0);
    for (const way of ['applied', 'stale']) expect(seen[way]).toBeGreaterThan(0);
  });
});

describe('the same behind a real server', () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let server: GitServer;
  beforeAll(async () => {
    directory = await temporaryDirectory();
    server = await startGitServer({ root: directory.path });
  });
  afterAll(async () => {
    await server.close();
    await directory.remove();
  });

  it('goes the same way', { timeout: 600_000 }, async () => {
    let number = 0;
    await fc.assert(
      fc.asyncProperty(story, async (steps) => {
        const name = `${++number}.git`;
        const repository = await BareRepository.create(join(directory.path, name));
        const storage = createMemoryStorage();
        const player = new Player(
          {
            storage,
            context: createRunContext({ storage, identity: { namespace: 'system', flowId: 'runner' } }),
            git: {
              url: `${server.url}/${name}`,
              commit: async (files) => {
                await repository.commit(files);
              },
              files: async () => new Map(Object.entries(await repository.files()).sort()),
              tip: () => repository.tip(),
            },
          },
          number % 2 === 0 ? 'file' : 'flow',
        );
        await player.prepare();
        await player.play(steps);
      }),
      { numRuns: Math.max(2, Math.ceil(stories / 400)), endOnFailure: true },
    );
  });
});
