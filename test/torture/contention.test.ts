import { expect, it } from 'vitest';
import { createRunContext } from '../../src/runtime/create-context.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import { PushFlows } from '../../tasks/push-flows.js';
import { createWorld, fill, flowSource } from '../support/world.js';
import { contend } from './contention.js';

it('lands the pushes of processes that contend for a branch, one commit each', {
  timeout: 300_000,
}, async () => {
  expect(await contend(4, 3)).toMatchObject({ pushes: 12, commits: 12, merges: 0, lost: [], fsck: 'clean' });
});

it('makes one commit of eight identical pushes at the same time', async () => {
  const world = await createWorld({ files: { 'README.md': 'x' } });
  const flows = { 'dev/a': flowSource('dev', 'a'), 'dev/b': flowSource('dev', 'b') };
  const commits = await Promise.all(
    Array.from({ length: 8 }, async (_, index) => {
      const storage = createMemoryStorage();
      await fill(storage, flows);
      const context = createRunContext({
        storage,
        identity: { namespace: 'system', flowId: `push-${index}` },
      });
      return (await new PushFlows({ url: world.url, sourceNamespace: 'dev' }).run(context)).commitId;
    }),
  );
  expect(commits.filter((commit) => commit !== null)).toEqual([await world.repository.tip()]);
  expect(await world.repository.commitCount()).toBe(2);
  expect(Object.keys(await world.repository.files())).toEqual(['README.md', '_flows/a.yml', '_flows/b.yml']);
  await world.repository.fsck();
  await world.close();
});
