import { afterEach, describe, expect, it } from 'vitest';
import { StorageError } from '../../src/errors.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import type { StorageAdapter } from '../../src/storage/types.js';
import { PushFlows } from '../../tasks/push-flows.js';
import { SyncFlows } from '../../tasks/sync-flows.js';
import { SyncNamespaceFiles } from '../../tasks/sync-namespace-files.js';
import { contents, createWorld, fill, flowSource, type World, type WorldOptions } from '../support/world.js';

let world: World;
const namespace = 'company.team';
const flow = (id: string, extra = '') => flowSource(namespace, id, extra);

async function start(options: WorldOptions): Promise<void> {
  world = await createWorld(options);
}

afterEach(() => world.close());

function sync(properties: object = {}) {
  return new SyncFlows({ url: world.url, targetNamespace: namespace, ...properties }).run(world.context);
}

describe('a run that an earlier one shortens', () => {
  it('asks again whether the directory must exist', async () => {
    await start({ files: { README: 'x' } });
    const files = (failOnMissingDirectory: boolean) =>
      new SyncNamespaceFiles({ url: world.url, namespace, failOnMissingDirectory }).run(world.context);
    const missing = { code: 'DIRECTORY_NOT_FOUND' };
    await sync({ failOnMissingDirectory: false });
    await expect(sync({ failOnMissingDirectory: true })).rejects.toMatchObject(missing);
    await files(false);
    await expect(files(true)).rejects.toMatchObject(missing);
  });

  it.each([true, false])('notices that the directory is gone, with "delete: %s"', async (deletes) => {
    await start({ files: { README: 'x', '_flows/a.yml': flow('a') } });
    await sync({ delete: deletes });
    await world.repository.commit({ '_flows/a.yml': null });
    await expect(sync({ delete: deletes })).rejects.toMatchObject({ code: 'DIRECTORY_NOT_FOUND' });
    expect(Object.keys(await contents(world.storage))).toEqual(['company.team/a']);
  });

  it('does not bring a new file that is ignored', async () => {
    await start({ files: { '_flows/.kestraignore': 'draft-*\n', '_flows/a.yml': flow('a') } });
    await sync();
    await world.repository.commit({ '_flows/draft-b.yml': flow('b'), '_flows/c.yml': flow('c') });
    expect((await sync()).summary).toMatchObject({ added: 1, unchanged: 1 });
    expect(Object.keys(await contents(world.storage))).toEqual(['company.team/a', 'company.team/c']);
  });

  it('overwrites a flow of the namespace that only the storage had', async () => {
    await start({ files: { '_flows/a.yml': flow('a') } });
    await fill(world.storage, { 'company.team/b': flow('b', '# mine\n') });
    await sync();
    await world.repository.commit({ '_flows/b.yml': flow('b') });
    expect((await sync({ dryRun: true })).summary).toMatchObject({ updated: 1, unchanged: 1 });
    expect((await sync()).summary).toMatchObject({ updated: 1, unchanged: 1 });
  });
});

describe('a storage that takes no receipt', () => {
  const withoutReceipts = (): StorageAdapter => {
    const storage = createMemoryStorage();
    return {
      ...storage,
      async apply(batch, options) {
        const full = batch.changes.some(({ key }) => key.id.endsWith('.receipt'));
        if (full) throw new StorageError('No space is left.');
        return storage.apply(batch, options);
      },
    };
  };

  it('does not make a sync or a push fail that has done its work', async () => {
    await start({ files: { '_flows/a.yml': flow('a') }, storage: withoutReceipts() });
    expect((await sync()).summary).toMatchObject({ added: 1 });
    await world.repository.commit({ '_flows/a.yml': flow('a', '# more\n') });
    expect((await sync()).summary).toMatchObject({ updated: 1 });
    const push = new PushFlows({ url: world.url, sourceNamespace: namespace, gitDirectory: 'elsewhere' });
    expect((await push.run(world.context)).summary).toMatchObject({ added: 1 });
  });
});
