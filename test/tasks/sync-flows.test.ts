import { afterEach, describe, expect, it } from 'vitest';
import { SyncFlows } from '../../tasks/sync-flows.js';
import {
  contents,
  createWorld,
  fill,
  flowSource,
  rows,
  type World,
  type WorldOptions,
} from '../support/world.js';

let world: World;
const start = async (options: WorldOptions) => {
  world = await createWorld(options);
  return world;
};
afterEach(() => world.close());

const sync = (properties: Partial<ConstructorParameters<typeof SyncFlows>[0]> = {}) =>
  new SyncFlows({ url: world.url, targetNamespace: 'company.team', ...properties }).run(world.context);

const nothing = { added: 0, updated: 0, overwritten: 0, deleted: 0, unchanged: 0, invalid: 0, conflicted: 0 };

describe('SyncFlows', () => {
  it('brings the flows of a directory into the namespace and reports each', async () => {
    await start({
      files: { '_flows/a.yml': flowSource('any', 'a'), '_flows/b.yaml': flowSource('company.team', 'b') },
    });
    const output = await sync();
    expect(await contents(world.storage)).toEqual({
      'company.team/a': flowSource('company.team', 'a'),
      'company.team/b': flowSource('company.team', 'b'),
    });
    expect(output).toMatchObject({
      dryRun: false,
      revision: `main@sha1:${await world.repository.tip()}`,
      summary: { ...nothing, added: 2 },
    });
    expect(await rows(world.context, output.flows)).toEqual([
      { gitPath: '_flows/a.yml', syncState: 'ADDED', flowId: 'a', namespace: 'company.team', revision: 1 },
      { gitPath: '_flows/b.yaml', syncState: 'ADDED', flowId: 'b', namespace: 'company.team', revision: 1 },
    ]);
  });

  it('changes nothing and writes nothing the second time', async () => {
    await start({ files: { '_flows/a.yml': flowSource('any', 'a') } });
    await sync();
    const apply = world.storage.apply;
    let writes = 0;
    world.storage.apply = (...args) => {
      writes++;
      return apply(...args);
    };
    world.storage.list = () => Promise.reject(new Error('the second run lists nothing'));
    const requests = world.server.requests.length;
    const output = await sync();
    expect(writes).toBe(0);
    expect(world.server.requests).toHaveLength(requests + 1);
    expect(output.summary).toEqual({ ...nothing, unchanged: 1 });
    expect(await rows(world.context, output.flows)).toMatchObject([{ syncState: 'UNCHANGED', revision: 1 }]);
  });

  it('writes nothing on a dry run and reports what a real run then does', async () => {
    await start({ files: { '_flows/a.yml': flowSource('any', 'a') } });
    const dry = await sync({ dryRun: true });
    expect(await contents(world.storage)).toEqual({});
    expect(await world.storage.list({ kind: 'state', namespace: '', children: true })).toEqual([]);
    const real = await sync();
    expect(await rows(world.context, dry.flows)).toEqual(await rows(world.context, real.flows));
    expect(dry).toMatchObject({ dryRun: true, summary: real.summary, revision: real.revision });
  });

  it('raises the revision by one for a change, and overwrites an edit made in storage', async () => {
    await start({ files: { '_flows/a.yml': flowSource('any', 'a') } });
    await sync();
    await world.repository.commit({ '_flows/a.yml': flowSource('any', 'a', '# more\n') });
    expect((await sync()).summary).toEqual({ ...nothing, updated: 1 });
    await fill(world.storage, { 'company.team/a': flowSource('company.team', 'a', '# by hand\n') });
    const output = await sync();
    expect(output.summary).toEqual({ ...nothing, updated: 1 });
    expect(await rows(world.context, output.flows)).toMatchObject([{ syncState: 'UPDATED', revision: 4 }]);
    expect(await contents(world.storage)).toEqual({
      'company.team/a': flowSource('company.team', 'a', '# more\n'),
    });
  });

  it('says OVERWRITTEN when both sides changed since the last run', async () => {
    await start({ files: { '_flows/a.yml': flowSource('any', 'a') } });
    await sync();
    await world.repository.commit({ '_flows/a.yml': flowSource('any', 'a', '# git\n') });
    await fill(world.storage, { 'company.team/a': flowSource('company.team', 'a', '# storage\n') });
    expect((await sync()).summary).toEqual({ ...nothing, overwritten: 1 });
  });

  it('takes subdirectories as child namespaces only when asked to', async () => {
    await start({
      files: {
        '_flows/a.yml': flowSource('x', 'a'),
        '_flows/sub/deep/b.yml': flowSource('x', 'b'),
        '_flows/readme.md': 'hi',
      },
    });
    await sync();
    expect(Object.keys(await contents(world.storage))).toEqual(['company.team/a']);
    await sync({ includeChildNamespaces: true });
    expect(await contents(world.storage)).toEqual({
      'company.team/a': flowSource('company.team', 'a'),
      'company.team.sub.deep/b': flowSource('company.team.sub.deep', 'b'),
    });
  });

  it('deletes only within its namespaces: never in company.team2, never in children it does not include', async () => {
    await start({ files: { '_flows/a.yml': flowSource('x', 'a') } });
    const others = {
      'company.team.child/c': flowSource('company.team.child', 'c'),
      'company.team2/d': flowSource('company.team2', 'd'),
      'company/e': flowSource('company', 'e'),
    };
    await fill(world.storage, { 'company.team/gone': flowSource('company.team', 'gone'), ...others });
    expect((await sync()).summary).toEqual({ ...nothing, added: 1 });
    expect((await sync({ delete: true })).summary).toEqual({ ...nothing, deleted: 1, unchanged: 1 });
    expect(await contents(world.storage)).toEqual({
      'company.team/a': flowSource('company.team', 'a'),
      ...others,
    });
    await sync({ delete: true, includeChildNamespaces: true });
    expect(Object.keys(await contents(world.storage))).toEqual([
      'company/e',
      'company.team/a',
      'company.team2/d',
    ]);
  });

  it('never deletes or overwrites the flow that runs it', async () => {
    await start({
      files: {
        '_flows/a.yml': flowSource('x', 'a'),
        '_flows/runner.yml': flowSource('x', 'runner', '# new\n'),
      },
    });
    const runner = { 'system/runner': flowSource('system', 'runner') };
    await fill(world.storage, runner);
    await sync({ targetNamespace: 'system', delete: true });
    expect(await contents(world.storage)).toEqual({ 'system/a': flowSource('system', 'a'), ...runner });
    await world.repository.commit({ '_flows/runner.yml': null });
    await sync({ targetNamespace: 'system', delete: true });
    expect(await contents(world.storage)).toEqual({ 'system/a': flowSource('system', 'a'), ...runner });
  });

  it('reads a tag, a commit or the highest version instead of a branch', async () => {
    await start({ files: { '_flows/a.yml': flowSource('x', 'a') } });
    const first = await world.repository.tip();
    await world.repository.git('tag', 'v1.2.0');
    await world.repository.commit({ '_flows/a.yml': flowSource('x', 'a', '# two\n') });
    await world.repository.git('tag', '-a', '-m', 'release', 'v1.10.0', 'main');
    const second = await world.repository.tip();
    await world.repository.commit({ '_flows/a.yml': flowSource('x', 'a', '# three\n') });
    expect((await sync({ tag: 'v1.2.0' })).revision).toBe(`v1.2.0@sha1:${first}`);
    expect((await sync({ semver: '^1.2' })).revision).toContain(`@sha1:${second}`);
    expect((await sync({ commit: first?.slice(0, 8) })).revision).toContain(`@sha1:${first}`);
    await expect(sync({ tag: 'v9' })).rejects.toMatchObject({ code: 'REVISION_NOT_FOUND' });
    await expect(sync({ tag: 'v1.2.0', commit: first ?? '' })).rejects.toMatchObject({
      code: 'INVALID_PROPERTIES',
    });
  });
});

describe('SyncFlows refuses', () => {
  it('a branch that does not exist, delete or not, and names those that do', async () => {
    await start({ files: { '_flows/a.yml': flowSource('x', 'a') } });
    const stored = { 'company.team/keep': flowSource('company.team', 'keep') };
    await fill(world.storage, stored);
    await expect(sync({ branch: 'mian', delete: true })).rejects.toMatchObject({
      code: 'BRANCH_NOT_FOUND',
      message: expect.stringContaining('mian'),
    });
    expect(await contents(world.storage)).toEqual(stored);
  });

  it('a directory that does not exist, or counts it as empty when told to', async () => {
    await start({ files: { '_flows/a.yml': flowSource('x', 'a') } });
    const stored = { 'company.team/keep': flowSource('company.team', 'keep') };
    await fill(world.storage, stored);
    const properties = { gitDirectory: 'flows', delete: true };
    await expect(sync(properties)).rejects.toMatchObject({ code: 'DIRECTORY_NOT_FOUND' });
    await expect(sync({ ...properties, failOnMissingDirectory: false })).rejects.toMatchObject({
      code: 'EMPTY_SOURCE',
    });
    expect(await contents(world.storage)).toEqual(stored);
    await sync({ ...properties, failOnMissingDirectory: false, allowEmpty: true });
    expect(await contents(world.storage)).toEqual({});
  });

  it('more deletions than the budget, listing them, and writes nothing', async () => {
    await start({ files: { '_flows/a.yml': flowSource('x', 'a') } });
    const stored = Object.fromEntries(
      Array.from({ length: 12 }, (_, index) => [
        `company.team/f${index}`,
        flowSource('company.team', `f${index}`),
      ]),
    );
    await fill(world.storage, stored);
    await expect(sync({ delete: true })).rejects.toMatchObject({
      code: 'DELETION_BUDGET_EXCEEDED',
      message: expect.stringContaining('company.team/f11'),
    });
    await expect(sync({ delete: true, maxDeletes: 11 })).rejects.toMatchObject({
      code: 'DELETION_BUDGET_EXCEEDED',
    });
    expect(await contents(world.storage)).toEqual(stored);
    expect((await sync({ delete: true, maxDeletes: '100%' })).summary).toMatchObject({
      added: 1,
      deleted: 12,
    });
  });

  it('two files with one identity, naming both', async () => {
    await start({
      files: { '_flows/one.yml': flowSource('x', 'same'), '_flows/two.yaml': flowSource('x', 'same') },
    });
    await expect(sync()).rejects.toMatchObject({
      code: 'DUPLICATE_FLOW',
      message: expect.stringMatching(/_flows\/one\.yml.*_flows\/two\.yaml/),
    });
    expect(await contents(world.storage)).toEqual({});
  });

  it('an invalid flow, with file, line and column, before anything is written', async () => {
    await start({
      files: {
        '_flows/a.yml': flowSource('x', 'a'),
        '_flows/bad.yml': 'id: bad\nnamespace: x\ntasks:\n  - id: [\n',
      },
    });
    await expect(sync()).rejects.toMatchObject({
      code: 'INVALID_FLOW',
      message: expect.stringMatching(/_flows\/bad\.yml:\d+:\d+: /),
    });
    expect(await contents(world.storage)).toEqual({});
  });
});

describe('SyncFlows with ignoreInvalidFlows', () => {
  it('keeps a stored flow whose git copy became invalid, and still deletes what is gone', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [`_flows/f${index}.yml`, flowSource('x', `f${index}`)]),
    );
    await start({ files });
    await sync();
    await world.repository.commit({ '_flows/f7.yml': 'id: f7\nnamespace: [\n', '_flows/f8.yml': null });
    const output = await sync({ ignoreInvalidFlows: true, delete: true });
    expect(output.summary).toEqual({ ...nothing, deleted: 1, invalid: 1, unchanged: 98 });
    const stored = await contents(world.storage);
    expect(stored['company.team/f7']).toBe(flowSource('company.team', 'f7'));
    expect(stored).not.toHaveProperty('company.team/f8');
  });

  it('deletes nothing of a namespace while it cannot tell which flow an invalid file means', async () => {
    await start({ files: { '_flows/a.yml': flowSource('x', 'a'), '_flows/unknown.yml': '\u0000\u0001: [' } });
    await fill(world.storage, { 'company.team/b': flowSource('company.team', 'b') });
    const output = await sync({ ignoreInvalidFlows: true, delete: true });
    expect(output.summary).toEqual({ ...nothing, added: 1, invalid: 1 });
    expect(Object.keys(await contents(world.storage))).toEqual(['company.team/a', 'company.team/b']);
  });
});

describe('SyncFlows and ignore files', () => {
  it('neither syncs nor deletes what they name', async () => {
    await start({
      files: {
        '_flows/.kestraignore': 'draft-*.yml\n',
        '_flows/a.yml': flowSource('x', 'a'),
        '_flows/draft-b.yml': flowSource('x', 'draft-b'),
      },
    });
    await fill(world.storage, { 'company.team/draft-c': flowSource('company.team', 'draft-c') });
    expect((await sync({ delete: true })).summary).toEqual({ ...nothing, added: 1 });
    expect(Object.keys(await contents(world.storage))).toEqual(['company.team/a', 'company.team/draft-c']);
  });
});

describe('SyncFlows and links', () => {
  it('does not follow a symbolic link out of the repository', async () => {
    await start({
      files: { '_flows/a.yml': flowSource('x', 'a'), '_flows/evil.yml': { link: '/etc/passwd' } },
    });
    const output = await sync({ delete: true });
    expect(output.summary).toEqual({ ...nothing, added: 1, invalid: 1 });
    expect(Object.keys(await contents(world.storage))).toEqual(['company.team/a']);
  });
});
