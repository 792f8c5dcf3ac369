import { afterEach, describe, expect, it } from 'vitest';
import { SyncFlows } from '../../tasks/sync-flows.js';
import { SyncNamespaceFiles } from '../../tasks/sync-namespace-files.js';
import type { Files } from '../support/bare-repository.js';
import { contents, createWorld, fill, flowSource, rows, type World } from '../support/world.js';

let world: World;
const namespace = 'company.team';

async function start(files: Files): Promise<void> {
  world = await createWorld({ files });
}

afterEach(() => world.close());

function syncFlows(properties: object = {}) {
  return new SyncFlows({ url: world.url, targetNamespace: namespace, delete: true, ...properties }).run(
    world.context,
  );
}

function syncFiles(properties: object = {}) {
  return new SyncNamespaceFiles({ url: world.url, namespace, delete: true, ...properties }).run(
    world.context,
  );
}

const flows = async () => Object.keys(await contents(world.storage));

describe('a flow whose file is ignored', () => {
  it('stays when the file has another name than the flow, on the run that ignores it and later', async () => {
    await start({ '_flows/a.yml': flowSource('x', 'a'), '_flows/pipeline.yml': flowSource('x', 'etl') });
    await syncFlows();
    await world.repository.commit({ '_flows/.kestraignore': 'pipeline.yml\n' });
    expect((await syncFlows()).summary).toMatchObject({ deleted: 0, unchanged: 1 });
    await world.repository.commit({ '_flows/pipeline.yml': null });
    expect((await syncFlows()).summary).toMatchObject({ deleted: 0, unchanged: 1 });
    expect(await flows()).toEqual(['company.team/a', 'company.team/etl']);
  });

  it('stays when no earlier run has seen the file', async () => {
    await start({
      '_flows/.kestraignore': 'pipeline.yml\nbroken.yml\n',
      '_flows/a.yml': flowSource('x', 'a'),
      '_flows/broken.yml': 'id: late\ntasks: [\n',
      '_flows/pipeline.yml': flowSource('x', 'etl'),
    });
    await fill(world.storage, {
      'company.team/etl': flowSource(namespace, 'etl'),
      'company.team/gone': flowSource(namespace, 'gone'),
      'company.team/late': flowSource(namespace, 'late'),
    });
    expect((await syncFlows()).summary).toMatchObject({ added: 1, deleted: 1 });
    expect(await flows()).toEqual(['company.team/a', 'company.team/etl', 'company.team/late']);
  });

  it('is synced when a file that is not ignored holds it', async () => {
    await start({
      '_flows/.kestraignore': 'etl.yml\n',
      '_flows/pipeline.yml': flowSource('x', 'etl', '# new\n'),
    });
    await fill(world.storage, { 'company.team/etl': flowSource(namespace, 'etl') });
    expect((await syncFlows()).summary).toMatchObject({ updated: 1 });
  });
});

describe('an ignore file that cannot be read', () => {
  it.each([
    ['a link', { link: '../rules' }],
    ['not UTF-8', Buffer.from('\ufeffb.yml\n', 'utf16le')],
  ])('stops the run: %s', async (_, file) => {
    await start({ '_flows/.kestraignore': file, '_flows/a.yml': flowSource('x', 'a'), rules: 'b.yml\n' });
    await fill(world.storage, { 'company.team/b': flowSource(namespace, 'b') });
    await expect(syncFlows()).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    expect(await flows()).toEqual(['company.team/b']);
  });
});

describe('an invalid file', () => {
  it('protects its namespace also when a stored flow happens to have its name', async () => {
    await start({ '_flows/a.yml': flowSource('x', 'a'), '_flows/b.yml': Buffer.from([0xff, 0xfe, 0, 1]) });
    await fill(world.storage, {
      'company.team/b': flowSource(namespace, 'b'),
      'company.team/meant': flowSource(namespace, 'meant'),
    });
    expect((await syncFlows({ ignoreInvalidFlows: true })).summary).toMatchObject({ deleted: 0, invalid: 1 });
    expect(await flows()).toContain('company.team/meant');
  });

  it('means the flow its path held last, not one that the path held before', async () => {
    await start({ '_flows/b.yml': flowSource('x', 'b'), '_flows/z.yml': flowSource('x', 'z') });
    await syncFlows({ delete: false });
    await world.repository.commit({ '_flows/b.yml': null, '_flows/z.yml': flowSource('x', 'b') });
    await syncFlows({ delete: false });
    await world.repository.commit({ '_flows/z.yml': Buffer.from([0xff, 0xfe, 0, 1]) });
    await syncFlows({ ignoreInvalidFlows: true, allowEmpty: true });
    expect(await flows()).toContain('company.team/b');
  });
});

describe('namespace files', () => {
  it("that have the names of git's furniture are not deleted, because git could not bring them", async () => {
    await start({ '_files/a': 'a', '_files/.gitignore': '*\n' });
    await fill(world.storage, {
      'company.team:.gitignore': 'mine',
      'company.team:x/.gitkeep': '',
      'company.team:old': 'old',
    });
    expect((await syncFiles()).summary).toMatchObject({ added: 1, deleted: 1 });
    expect(Object.keys(await contents(world.storage, 'file'))).toEqual([
      'company.team:.gitignore',
      'company.team:a',
      'company.team:x/.gitkeep',
    ]);
  });

  it('that would have to be file and directory at once are a conflict, on a dry run too', async () => {
    await start({ '_files/a': 'a' });
    await fill(world.storage, { 'company.team:a/b': 'mine' });
    const conflict = { code: 'CONFLICT', retryable: false };
    await expect(syncFiles({ delete: false, dryRun: true })).rejects.toMatchObject(conflict);
    await expect(syncFiles({ delete: false })).rejects.toMatchObject(conflict);
    expect((await syncFiles()).summary).toMatchObject({ added: 1, deleted: 1 });
  });

  it('that no storage can hold fail a dry run as they fail a real one, first and later', async () => {
    await start({ '_files/a': 'a' });
    for (const path of ['_files/b\\c', '_files/d\\e']) {
      await world.repository.commit({ [path]: 'b' });
      const unsafe = { code: 'UNSAFE_PATH' };
      await expect(syncFiles({ dryRun: true })).rejects.toMatchObject(unsafe);
      await expect(syncFiles()).rejects.toMatchObject(unsafe);
      await world.repository.commit({ [path]: null });
      await syncFiles();
    }
  });

  it('with a line separator in their names leave whole rows behind', async () => {
    await start({ '_files/a\u2028b': 'a', '_files/c': 'c' });
    await syncFiles();
    await world.repository.commit({ '_files/a\u2028b': null });
    await syncFiles();
    expect(await rows(world.context, (await syncFiles()).files)).toEqual([
      { gitPath: '_files/c', kestraPath: '/c', syncState: 'UNCHANGED' },
    ]);
  });
});
