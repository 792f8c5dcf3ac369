import { afterEach, describe, expect, it } from 'vitest';
import { StorageError } from '../../src/errors.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import type { StorageAdapter } from '../../src/storage/types.js';
import { PushFlows } from '../../tasks/push-flows.js';
import { PushNamespaceFiles } from '../../tasks/push-namespace-files.js';
import { SyncFlows } from '../../tasks/sync-flows.js';
import { SyncNamespaceFiles } from '../../tasks/sync-namespace-files.js';
import {
  contents,
  createWorld,
  fill,
  flowSource,
  removeReceipts,
  type World,
  type WorldOptions,
} from '../support/world.js';

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

describe('a run of a large directory that an earlier one shortens', () => {
  const count = 900;
  const idOf = (index: number) => `flow-${String(index).padStart(4, '0')}`;
  const pathOf = (index: number) => `_flows/${idOf(index)}.yml`;
  const files = (version = '') =>
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => [pathOf(index), flow(idOf(index), version)]),
    );
  const rowsOf = async (result: { flows: string }) =>
    Buffer.from(await world.context.outputFiles.read(result.flows))
      .toString()
      .trimEnd()
      .split('\n')
      .map((row) => JSON.parse(row) as { gitPath: string; syncState: string; revision: number });
  const pages = () => world.storage.list({ kind: 'state', namespace: 'flowgit.pages', children: false });

  it('reports every flow in order, and writes again only what its changes touch', async () => {
    await start({ files: files() });
    await sync({ delete: true });
    const before = await pages();
    expect(before.length).toBeGreaterThan(6);
    await world.repository.commit({
      [pathOf(5)]: flow(idOf(5), '# new\n'),
      [pathOf(700)]: null,
      '_flows/flow-0005a.yml': flow('flow-0005a'),
    });
    const result = await sync({ delete: true });
    expect(result.summary).toMatchObject({ added: 1, updated: 1, deleted: 1, unchanged: count - 2 });
    const rows = await rowsOf(result);
    expect(rows.map(({ gitPath }) => gitPath)).toEqual(
      [...Object.keys(files()), '_flows/flow-0005a.yml'].sort(),
    );
    expect(rows.filter(({ syncState }) => syncState !== 'UNCHANGED')).toMatchObject([
      { gitPath: pathOf(5), syncState: 'UPDATED', revision: 2 },
      { gitPath: '_flows/flow-0005a.yml', syncState: 'ADDED', revision: 1 },
      { gitPath: pathOf(700), syncState: 'DELETED', revision: 1 },
    ]);
    const oids = new Set(before.map(({ oid }) => oid));
    expect((await pages()).filter(({ oid }) => !oids.has(oid)).length).toBeLessThanOrEqual(4);

    const kept = await rowsOf(await sync({ delete: true }));
    expect(kept).toHaveLength(count);
    expect(new Set(kept.map(({ syncState }) => syncState))).toEqual(new Set(['UNCHANGED']));
    expect(kept.find(({ gitPath }) => gitPath === pathOf(5))?.revision).toBe(2);
  });

  it('reports both the flow that goes from a path and the one that comes there', async () => {
    await start({ files: files() });
    await sync({ delete: true });
    await world.repository.commit({ [pathOf(5)]: flow('other') });
    for (const dryRun of [true, false]) {
      const result = await sync({ delete: true, dryRun });
      expect(result.summary).toMatchObject({ added: 1, deleted: 1, unchanged: count - 1 });
      expect((await rowsOf(result)).filter(({ gitPath }) => gitPath === pathOf(5))).toMatchObject([
        { flowId: idOf(5), syncState: 'DELETED', revision: 1 },
        { flowId: 'other', syncState: 'ADDED', revision: 1 },
      ]);
    }
    const kept = await rowsOf(await sync({ delete: true }));
    expect(kept.filter(({ gitPath }) => gitPath === pathOf(5))).toMatchObject([{ flowId: 'other' }]);
  });

  it('keeps what stays in storage its own when another flow comes to its path', async () => {
    await start({ files: files() });
    await sync();
    await world.repository.commit({ [pathOf(5)]: flow('other') });
    expect((await sync()).summary).toMatchObject({ added: 1, deleted: 0 });
    expect((await sync({ delete: true, deleteScope: 'OWNED' })).summary).toMatchObject({ deleted: 1 });
    expect(Object.keys(await contents(world.storage))).not.toContain(`${namespace}/${idOf(5)}`);
  });

  it('does not change the rows of a run before, which may be read later', async () => {
    await start({ files: files() });
    await sync();
    await world.repository.commit({ [pathOf(5)]: flow(idOf(5), '# new\n') });
    const second = await sync();
    await world.repository.commit({
      [pathOf(5)]: flow(idOf(5), '# newer\n'),
      [pathOf(6)]: flow(idOf(6), '# new\n'),
    });
    const third = await sync();
    const changed = async (result: { flows: string }) =>
      (await rowsOf(result)).filter(({ revision }) => revision > 1).map(({ revision }) => revision);
    expect(await changed(second)).toEqual([2]);
    expect(await changed(third)).toEqual([3, 2]);
  });

  it('takes the ordinary way when a page is gone, and loses nothing', async () => {
    await start({ files: files() });
    await sync();
    for (const { key, oid } of await pages())
      await world.storage.apply({ changes: [{ action: 'delete', key, expectedOid: oid }] });
    await world.repository.commit({ [pathOf(5)]: flow(idOf(5), '# new\n') });
    const result = await sync({ delete: true, deleteScope: 'OWNED' });
    expect(result.summary).toMatchObject({ updated: 1, unchanged: count - 1, deleted: 0 });
    expect(await rowsOf(result)).toHaveLength(count);
    await world.repository.commit({ [pathOf(6)]: null });
    expect((await sync({ delete: true, deleteScope: 'OWNED' })).summary).toMatchObject({ deleted: 1 });
  });

  it('removes the pages of a sync whose flows another one takes over', async () => {
    await start({ files: { ...files(), 'other/README': 'x' } });
    await sync();
    const adopting = { branch: 'next', adopt: true };
    await world.repository.git('branch', 'next', 'main');
    await sync(adopting);
    const owners = new Set((await pages()).map(({ key }) => key.id.replace(/(\.receipt)?\.\d+$/, '')));
    expect(owners.size).toBe(1);
  });
});

describe('a run for files that an earlier one shortens', () => {
  const count = 900;
  const pathOf = (index: number) => `_files/dir-${index % 7}/file-${String(index).padStart(4, '0')}.txt`;
  const files = Object.fromEntries(
    Array.from({ length: count }, (_, index) => [pathOf(index), `${index}\n`]),
  );
  const syncFiles = (properties: object = {}) =>
    new SyncNamespaceFiles({ url: world.url, namespace, ...properties }).run(world.context);
  const textOf = async (result: { files: string }) =>
    Buffer.from(await world.context.outputFiles.read(result.files)).toString();
  const rowOf = (path: string, syncState = 'UNCHANGED') =>
    `${JSON.stringify({ gitPath: path, kestraPath: path.slice('_files'.length), syncState })}\n`;
  const settled = (paths: readonly string[]) =>
    [...paths]
      .sort()
      .map((path) => rowOf(path))
      .join('');
  const receipts = async () => {
    const records = await world.storage.list({ kind: 'state', namespace: '', children: true });
    return records.filter(({ key }) => key.id.includes('.receipt'));
  };
  const requests = async (run: () => Promise<unknown>) => {
    world.server.requests.length = 0;
    await run();
    return world.server.requests.length;
  };

  it('reports rows that only the state has, at a request', async () => {
    await start({ files });
    await syncFiles();
    const left = await receipts();
    expect(left.map(({ size }) => size < 1000)).toEqual([true]);
    let text = '';
    expect(await requests(async () => (text = await textOf(await syncFiles())))).toBe(1);
    expect(text).toBe(settled(Object.keys(files)));
    expect(await receipts()).toEqual(left);
  });

  it('goes on so after changes, and reports these once', async () => {
    await start({ files });
    await syncFiles({ delete: true });
    await world.repository.commit({ [pathOf(3)]: 'new\n', [pathOf(8)]: null, '_files/a "b".txt': 'a\n' });
    const paths = [...Object.keys(files).filter((path) => path !== pathOf(8)), '_files/a "b".txt'];
    const lines = (await textOf(await syncFiles({ delete: true }))).split('\n');
    expect(lines).toHaveLength(count + 2);
    expect(lines.filter((line) => line !== '' && !line.includes('"UNCHANGED"')).sort()).toEqual(
      [rowOf('_files/a "b".txt', 'ADDED'), rowOf(pathOf(3), 'UPDATED'), rowOf(pathOf(8), 'DELETED')]
        .map((row) => row.trimEnd())
        .sort(),
    );
    let text = '';
    expect(await requests(async () => (text = await textOf(await syncFiles({ delete: true }))))).toBe(1);
    expect(text).toBe(settled(paths));
  });

  it('reports what git no longer has neither as settled nor as gone', async () => {
    await start({ files });
    await syncFiles();
    await world.repository.commit({ [pathOf(8)]: null });
    await syncFiles();
    const left = Object.keys(files).filter((path) => path !== pathOf(8));
    for (const _ of [1, 2]) expect(await textOf(await syncFiles())).toBe(settled(left));
    // It is still the sync's own.
    const { summary } = await syncFiles({ delete: true, deleteScope: 'OWNED' });
    expect(summary).toMatchObject({ deleted: 1, unchanged: count - 1 });
  });

  it('looks at everything when the state is not the one that the receipt goes by', async () => {
    await start({ files: { ...files, README: 'x' } });
    await syncFiles();
    const keys = (await world.storage.list({ kind: 'state', namespace: '', children: false })).map(
      ({ key }) => key,
    );
    const [state] = await world.storage.read(keys.filter(({ id }) => !id.endsWith('.receipt')));
    if (state == null) throw new Error('There is no state.');
    const content = Buffer.from(Buffer.from(state.content).toString().replace('"commits":{', '"commits": {'));
    expect(content.equals(state.content)).toBe(false);
    await world.storage.apply({
      changes: [{ action: 'put', key: state.key, content, expectedOid: state.oid }],
    });
    const result = await syncFiles();
    expect(result.summary).toMatchObject({ unchanged: count });
    expect(await textOf(result)).toBe(settled(Object.keys(files)));
    expect(await requests(syncFiles)).toBe(1);
  });
});

describe('a run that finds something invalid, and that an earlier one shortens,', () => {
  /** A storage that counts how often it is listed. */
  function counting(storage: StorageAdapter = createMemoryStorage()) {
    const count = { listings: 0 };
    const list: StorageAdapter['list'] = (scope, options) => {
      if (scope.kind !== 'state') count.listings++;
      return storage.list(scope, options);
    };
    return { count, storage: { ...storage, list } };
  }
  const broken = `id: broken\nnamespace: ${namespace}\ntasks: [`;
  const told = () => world.logs.filter((line) => line.startsWith('not '));

  it.each([
    {
      what: 'flows',
      files: { '_flows/a.yml': flow('a'), '_flows/broken.yml': broken, '_flows/link.yml': { link: 'a.yml' } },
      stored: { [`${namespace}/broken`]: flow('broken', '# of before\n') },
      run: () => sync({ ignoreInvalidFlows: true, delete: true }),
      mended: { '_flows/broken.yml': flow('broken') },
    },
    {
      what: 'files',
      files: { '_files/a': 'a', '_files/broken': { link: '/etc/passwd' }, '_files/link': { link: 'a' } },
      stored: { [`${namespace}:broken`]: 'of before' },
      run: () =>
        new SyncNamespaceFiles({ url: world.url, namespace, delete: true })
          .run(world.context)
          .then(({ files: flows, ...output }) => ({ flows, ...output })),
      mended: { '_files/broken': 'mended' },
    },
  ] as const)('tells of it again at one request: $what', async ({ files, stored, run, mended }) => {
    const { count, storage } = counting();
    const plans: unknown[] = [];
    await start({ files, storage, context: { onPlan: (plan) => plans.push(plan.document.changes) } });
    await fill(storage, stored);
    const rowsOf = async ({ flows }: { flows: string }) =>
      Buffer.from(await world.context.outputFiles.read(flows)).toString();
    expect((await run()).summary).toMatchObject({ added: 1, invalid: 2, deleted: 0 });
    const logged = told();
    expect(logged).toHaveLength(2);
    const kept = await contents(storage, 'file');

    count.listings = 0;
    world.server.requests.length = 0;
    const again = await run();
    expect(world.server.requests).toHaveLength(1);
    expect(count.listings).toBe(0);
    expect(again.summary).toMatchObject({ added: 0, updated: 0, unchanged: 1, invalid: 2 });
    expect(told().slice(2)).toEqual(logged);
    const shortRows = await rowsOf(again);

    await removeReceipts(storage);
    const whole = await run();
    expect(await rowsOf(whole)).toBe(shortRows);
    expect(whole.summary).toEqual(again.summary);
    const invalid = (plan: unknown) =>
      (plan as { state: string }[]).filter(({ state }) => state === 'INVALID');
    expect(invalid(plans[1])).toEqual(invalid(plans[2]));
    expect(invalid(plans[1])).toHaveLength(2);
    expect(await contents(storage, 'file')).toEqual(kept);

    await world.repository.commit(mended);
    expect((await run()).summary).toMatchObject({ updated: 1, unchanged: 1, invalid: 1 });
  });

  it('looks again where the storage itself is asked what is valid', async () => {
    let refused = true;
    const { count, storage } = counting();
    const judging: StorageAdapter = {
      ...storage,
      validate: async (items) =>
        items.map(({ key }) => (refused && key.id === 'a' ? [{ message: 'no such type', line: 1 }] : [])),
    };
    await start({ files: { '_flows/a.yml': flow('a') }, storage: judging });
    expect((await sync({ ignoreInvalidFlows: true })).summary).toMatchObject({ added: 0, invalid: 1 });
    count.listings = 0;
    expect((await sync({ ignoreInvalidFlows: true })).summary).toMatchObject({ added: 0, invalid: 1 });
    expect(count.listings).toBeGreaterThan(0);
    refused = false;
    expect((await sync({ ignoreInvalidFlows: true })).summary).toMatchObject({ added: 1, invalid: 0 });
  });

  it('tells of it again in a push', async () => {
    const { count, storage } = counting();
    await start({ files: { '_files/a': 'a', '_files/link': { link: 'a' } }, storage });
    await fill(storage, { [`${namespace}:a`]: 'a', [`${namespace}:link`]: 'mine' });
    const push = () => new PushNamespaceFiles({ url: world.url, namespace }).run(world.context);
    const rowsOf = async ({ files }: { files: string }) =>
      Buffer.from(await world.context.outputFiles.read(files)).toString();
    const first = await push();
    count.listings = 0;
    world.server.requests.length = 0;
    const second = await push();
    expect(world.server.requests).toHaveLength(1);
    expect(count.listings).toBe(0);
    expect(second.summary).toEqual(first.summary);
    expect(second.summary).toMatchObject({ unchanged: 1, invalid: 1 });
    expect(await rowsOf(second)).toBe(await rowsOf(first));
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
