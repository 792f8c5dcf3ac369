import { afterEach, describe, expect, it } from 'vitest';
import { listSyncRecords } from '../../src/plan/sync-records.js';
import { PushFlows } from '../../tasks/push-flows.js';
import { SyncFlows } from '../../tasks/sync-flows.js';
import { SyncNamespaceFiles } from '../../tasks/sync-namespace-files.js';
import type { Files } from '../support/bare-repository.js';
import { contents, createWorld, fill, flowSource, type World } from '../support/world.js';

let world: World;
afterEach(() => world.close());

type Properties = Partial<ConstructorParameters<typeof SyncFlows>[0]>;
const sync = (properties: Properties = {}) =>
  new SyncFlows({ url: world.url, targetNamespace: 'prod', ...properties }).run(world.context);
async function start(files: Files) {
  world = await createWorld({ files });
}
const owners = async () =>
  (await listSyncRecords(world.storage)).map(
    ({ identity, state }) =>
      `${identity.directory}@${identity.revision}: ${[...state.byKey.values()].map(({ key }) => key.id)}`,
  );
/** But for the history, where a run that fails says so. */
const everything = async () => {
  const entries = await world.storage.list({ kind: 'state', namespace: '', children: true });
  const state = entries.filter(({ key }) => !key.id.endsWith('.runs'));
  return { flows: await contents(world.storage), state: state.map(({ key, oid }) => `${key.id} ${oid}`) };
};

const one = flowSource('prod', 'one');
const two = flowSource('prod', 'two');

describe('a sync that would take what another one brought', () => {
  it.each([
    ['overwrites it', { 'b/one.yml': `${one}# b\n`, 'b/two.yml': two }, {}],
    ['has the same', { 'b/x.yml': one }, {}],
    ['deletes it', { 'b/two.yml': two }, { delete: true }],
  ])('is refused before anything is written when it %s', async (_, files, properties) => {
    await start({ 'a/one.yml': one, ...files });
    await sync({ gitDirectory: 'a' });
    const before = await everything();
    for (const dryRun of [true, false]) {
      await expect(sync({ gitDirectory: 'b', ...properties, dryRun })).rejects.toMatchObject({
        code: 'OWNED_BY_ANOTHER_SYNC',
        message: expect.stringMatching(/flow prod\/one \(from "a" of http.*, branch main: sync-flow-prod-/),
        hint: expect.stringContaining('adopt: true'),
        data: { resources: ['flow prod/one'] },
      });
    }
    expect(await everything()).toEqual(before);
  });

  it('says how to leave what it must not delete', async () => {
    await start({ 'a/one.yml': one, 'b/two.yml': two });
    await sync({ gitDirectory: 'a' });
    await expect(sync({ gitDirectory: 'b', delete: true })).rejects.toMatchObject({
      hint: expect.stringContaining('deleteScope: OWNED'),
    });
    await sync({ gitDirectory: 'b', delete: true, deleteScope: 'OWNED' });
    expect(await contents(world.storage)).toEqual({ 'prod/one': one, 'prod/two': two });
  });

  it('is told when it gets the resource later, by the short way too', async () => {
    await start({ 'a/one.yml': one, 'b/two.yml': two });
    await sync({ gitDirectory: 'b' });
    await sync({ gitDirectory: 'a' });
    await sync({ gitDirectory: 'b' });
    await world.repository.commit({ 'b/one.yml': one });
    await expect(sync({ gitDirectory: 'b' })).rejects.toMatchObject({ code: 'OWNED_BY_ANOTHER_SYNC' });
  });

  it('is found through the scopes: a namespace above, and not beside', async () => {
    const deep = flowSource('prod.deep', 'one');
    await start({ 'a/deep/one.yml': deep, 'b/one.yml': deep, 'c/one.yml': one });
    await sync({ gitDirectory: 'a', includeChildNamespaces: true });
    await expect(sync({ gitDirectory: 'b', targetNamespace: 'prod.deep' })).rejects.toMatchObject({
      code: 'OWNED_BY_ANOTHER_SYNC',
    });
    await sync({ gitDirectory: 'c', targetNamespace: 'prod.other' });
  });

  it('may bring files of the same name, and what only a push knows', async () => {
    await start({ 'a/one': 'x', 'a/one.yml': one });
    await sync({ gitDirectory: 'a' });
    await new SyncNamespaceFiles({ url: world.url, namespace: 'prod', gitDirectory: 'a' }).run(world.context);
    await fill(world.storage, { 'dev/f': flowSource('dev', 'f') });
    await new PushFlows({ url: world.url, sourceNamespace: 'dev', gitDirectory: 'c' }).run(world.context);
    await sync({ gitDirectory: 'c', targetNamespace: 'dev' });
    expect(await owners()).toHaveLength(4);
  });
});

describe('adopt', () => {
  it('takes over what it writes, and the other sync is told from then on', async () => {
    await start({ 'a/one.yml': one, 'a/two.yml': two, 'b/one.yml': `${one}# b\n` });
    await sync({ gitDirectory: 'a' });
    await sync({ gitDirectory: 'a' });
    await sync({ gitDirectory: 'b', adopt: true });
    expect((await owners()).sort()).toEqual(['a@main: two', 'b@main: one']);
    expect(await contents(world.storage)).toEqual({ 'prod/one': `${one}# b\n`, 'prod/two': two });
    await sync({ gitDirectory: 'b' });
    await expect(sync({ gitDirectory: 'a' })).rejects.toMatchObject({ code: 'OWNED_BY_ANOTHER_SYNC' });
  });

  it('takes over equal resources without a new revision, and the loser does not go by its receipt', async () => {
    await start({ 'a/one.yml': one, 'b/one.yml': one, 'b/two.yml': two });
    await sync({ gitDirectory: 'a' });
    expect((await sync({ gitDirectory: 'b', adopt: true })).summary).toMatchObject({
      added: 1,
      unchanged: 1,
    });
    expect(await owners()).toEqual(['b@main: one,two']);
    await expect(sync({ gitDirectory: 'a' })).rejects.toMatchObject({ code: 'OWNED_BY_ANOTHER_SYNC' });
  });

  it('lets a flow go to another branch, with everything it owns', async () => {
    await start({ '_flows/one.yml': one, '_flows/two.yml': two });
    await sync({ delete: true });
    await world.repository.commit({ '_flows/two.yml': null }, { branch: 'next', from: 'main' });
    await expect(sync({ delete: true, branch: 'next' })).rejects.toMatchObject({
      code: 'OWNED_BY_ANOTHER_SYNC',
    });
    const moved = await sync({ delete: true, branch: 'next', adopt: true });
    expect(moved.summary).toMatchObject({ deleted: 1, unchanged: 1 });
    expect(await owners()).toEqual(['_flows@next: one']);
  });

  it('is not needed for a tag or a commit of the same sync', async () => {
    await start({ '_flows/one.yml': one });
    const first = await world.repository.tip();
    await world.repository.git('tag', 'v1');
    await sync();
    await world.repository.commit({ '_flows/one.yml': `${one}# 2\n` });
    await sync();
    expect((await sync({ commit: first ?? '' })).summary).toMatchObject({ updated: 1 });
    expect((await sync({ tag: 'v1' })).revision).toBe(`v1@sha1:${first}`);
    expect((await sync()).summary).toMatchObject({ updated: 1 });
    expect(await owners()).toEqual(['_flows@main: one']);
  });

  it('is not needed to take in child namespaces, or to leave them out', async () => {
    await start({ '_flows/one.yml': one, '_flows/deep/one.yml': flowSource('prod.deep', 'one') });
    await sync();
    expect((await sync({ includeChildNamespaces: true })).summary).toMatchObject({ added: 1, unchanged: 1 });
    expect((await sync()).summary).toMatchObject({ unchanged: 1 });
  });

  it('writes nothing on a dry run', async () => {
    await start({ 'a/one.yml': one, 'b/one.yml': two });
    await sync({ gitDirectory: 'a' });
    const before = await everything();
    await sync({ gitDirectory: 'b', delete: true, adopt: true, dryRun: true });
    expect(await everything()).toEqual(before);
    expect(world.logs.filter((line) => line.includes('taken over'))).toEqual([
      expect.stringMatching(/^would be taken over from another sync .*"resources":1/),
    ]);
  });
});
