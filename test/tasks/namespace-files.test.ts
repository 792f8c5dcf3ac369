import { afterEach, describe, expect, it } from 'vitest';
import { emptyBlobId } from '../../src/resources/blob-id.js';
import { PushNamespaceFiles } from '../../tasks/push-namespace-files.js';
import { SyncNamespaceFiles } from '../../tasks/sync-namespace-files.js';
import { contents, createWorld, fill, rows, type World, type WorldOptions } from '../support/world.js';

let world: World;
const start = async (options: WorldOptions, stored: Record<string, string | Uint8Array> = {}) => {
  world = await createWorld(options);
  await fill(world.storage, stored);
};
afterEach(() => world.close());

const sync = (properties: Partial<ConstructorParameters<typeof SyncNamespaceFiles>[0]> = {}) =>
  new SyncNamespaceFiles({ url: world.url, namespace: 'prod', ...properties }).run(world.context);
const push = (properties: Partial<ConstructorParameters<typeof PushNamespaceFiles>[0]> = {}) =>
  new PushNamespaceFiles({ url: world.url, namespace: 'prod', ...properties }).run(world.context);

const nothing = { added: 0, updated: 0, overwritten: 0, deleted: 0, unchanged: 0, invalid: 0, conflicted: 0 };
const binary = Buffer.from([0, 255, 1, 254, 10, 13, 128]);

describe('SyncNamespaceFiles', () => {
  it('brings nested, binary and empty files byte for byte, and reports each', async () => {
    await start({
      files: {
        '_files/a.txt': 'a\r\n',
        '_files/deep/er/b.bin': binary,
        '_files/empty': '',
        'else.txt': 'no',
      },
    });
    const output = await sync();
    const [stored] = await world.storage.read([{ kind: 'file', namespace: 'prod', id: 'deep/er/b.bin' }]);
    expect(Buffer.from(stored?.content ?? [])).toEqual(binary);
    expect(await rows(world.context, output.files)).toEqual([
      { gitPath: '_files/a.txt', kestraPath: '/a.txt', syncState: 'ADDED' },
      { gitPath: '_files/deep/er/b.bin', kestraPath: '/deep/er/b.bin', syncState: 'ADDED' },
      { gitPath: '_files/empty', kestraPath: '/empty', syncState: 'ADDED' },
    ]);
    expect((await sync()).summary).toEqual({ ...nothing, unchanged: 3 });
  });

  it('takes the namespace of the flow by default', async () => {
    await start({ files: { '_files/a.txt': 'a' } });
    await new SyncNamespaceFiles({ url: world.url }).run(world.context);
    expect(await contents(world.storage, 'file')).toEqual({ 'system:a.txt': 'a' });
  });

  it("leaves git's own furniture out by whole names, and keeps empty directories", async () => {
    await start({
      files: {
        '_files/.gitignore': 'x',
        '_files/.gitkeep': '',
        '_files/empty/.gitkeep': '',
        '_files/full/.gitkeep': '',
        '_files/full/a.txt': 'a',
        '_files/repo.git/config': 'c',
        '_files/my.gitignore': 'm',
      },
    });
    await sync();
    expect(Object.keys(await contents(world.storage, 'file'))).toEqual([
      'prod:empty/',
      'prod:full/a.txt',
      'prod:my.gitignore',
      'prod:repo.git/config',
    ]);
    expect((await sync({ delete: true })).summary).toEqual({ ...nothing, unchanged: 4 });
  });

  it.each([false, true])(
    'leaves a directory that files of its own keep, with "delete: %s"',
    async (deletes) => {
      await start(
        { files: { '_files/d/.gitkeep': '', '_files/e/.gitkeep': '', '_files/.flowgitignore': 'mine-*\n' } },
        { 'prod:d/mine-1': 'x', 'prod:e/other': 'y' },
      );
      const properties = { delete: deletes, allowEmpty: true, maxDeletes: 5 };
      const { summary } = await sync({ ...properties, dryRun: true });
      expect(summary).toEqual({ ...nothing, added: deletes ? 1 : 0, deleted: deletes ? 1 : 0 });
      expect((await sync(properties)).summary).toEqual(summary);
      expect(Object.keys(await contents(world.storage, 'file'))).toEqual(
        deletes ? ['prod:d/mine-1', 'prod:e/'] : ['prod:d/mine-1', 'prod:e/other'],
      );
      expect((await sync(properties)).summary).toEqual({ ...nothing, unchanged: deletes ? 1 : 0 });
    },
  );

  it('reports symbolic links and reads nothing through them', async () => {
    await start(
      { files: { '_files/a.txt': 'a', '_files/passwd': { link: '/etc/passwd' } } },
      { 'prod:passwd': 'mine' },
    );
    const output = await sync({ delete: true });
    expect(output.summary).toEqual({ ...nothing, added: 1, invalid: 1 });
    expect(await contents(world.storage, 'file')).toEqual({ 'prod:a.txt': 'a', 'prod:passwd': 'mine' });
    expect(world.logs).toContainEqual(expect.stringContaining('_files/passwd'));
  });

  it('deletes what git does not have, in this namespace only, and not what is ignored', async () => {
    await start(
      { files: { '_files/a.txt': 'a', '_files/.flowgitignore': 'secrets/\n', '_files/secrets/k': 'git' } },
      { 'prod:gone.txt': 'x', 'prod:secrets/k': 'mine', 'prod.sub:b': 'b', 'prod2:c': 'c' },
    );
    await sync({ delete: true });
    expect(await contents(world.storage, 'file')).toEqual({
      'prod:a.txt': 'a',
      'prod:secrets/k': 'mine',
      'prod.sub:b': 'b',
      'prod2:c': 'c',
    });
  });

  it('syncs the root of the repository', async () => {
    await start({ files: { 'a.txt': 'a', 'd/b.txt': 'b' } });
    await sync({ gitDirectory: '.' });
    expect(await contents(world.storage, 'file')).toEqual({ 'prod:a.txt': 'a', 'prod:d/b.txt': 'b' });
  });

  it.each(['../x', '/etc', 'a/../../b', '.git', 'a\\b'])('refuses the directory %s', async (gitDirectory) => {
    await start({ files: { '_files/a.txt': 'a' } });
    await expect(sync({ gitDirectory })).rejects.toMatchObject({ code: 'INVALID_PROPERTIES' });
    expect(world.server.requests).toEqual([]);
  });
});

describe('PushNamespaceFiles', () => {
  it('removes an empty directory whose file in git is not empty', async () => {
    await start({ files: { '_files/a': 'a', '_files/old/.gitkeep': 'keeps it\n' } });
    await sync();
    await world.storage.apply({
      changes: [
        {
          action: 'delete',
          key: { kind: 'file', namespace: 'prod', id: 'old/' },
          expectedOid: emptyBlobId,
        },
      ],
    });
    expect((await push({ delete: true, dryRun: true })).summary).toMatchObject({ deleted: 1, unchanged: 1 });
    await push({ delete: true });
    expect(await world.repository.files()).toEqual({ '_files/a': 'a' });
  });

  it('commits what matches, keeps executable bits, deletes in scope only', async () => {
    await start(
      {
        files: {
          '_files/run.sh': { executable: 'old\n' },
          '_files/gone.sh': 'x',
          '_files/other.py': 'py',
          'README.md': 'r',
        },
      },
      { 'prod:run.sh': 'new\n', 'prod:lib/b.sh': 'b\n', 'prod:c.py': 'c' },
    );
    const output = await push({ files: ['**/*.sh'] });
    expect(await world.repository.files()).toEqual({
      'README.md': 'r',
      '_files/lib/b.sh': 'b\n',
      '_files/other.py': 'py',
      '_files/run.sh': 'new\n',
    });
    expect(await world.repository.git('ls-tree', 'main', '_files/run.sh')).toContain('100755');
    expect(await rows(world.context, output.files)).toEqual([
      { file: '_files/gone.sh', action: 'DELETED', additions: '+0', deletions: '-1', changes: '0' },
      { file: '_files/lib/b.sh', action: 'ADDED', additions: '+1', deletions: '-0', changes: '0' },
      { file: '_files/run.sh', action: 'UPDATED', additions: '+1', deletions: '-1', changes: '1' },
    ]);
    await world.repository.fsck();
  });

  it('fails without a match only when told to', async () => {
    await start({ files: { 'README.md': 'r' } }, { 'prod:a.txt': 'a' });
    expect((await push({ files: '*.py' })).commitId).toBeNull();
    await expect(push({ files: '*.py', errorOnMissing: true })).rejects.toMatchObject({
      code: 'NO_FILES_MATCHED',
    });
  });

  it('refuses to turn a file outside its scope into a directory', async () => {
    await start({ files: { '_files/a': 'a file' } }, { 'prod:a/b.txt': 'b' });
    await expect(push({ files: 'a/**' })).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await world.repository.files()).toEqual({ '_files/a': 'a file' });
  });

  it('gives back what a sync brought, and keeps a .gitkeep beside the first file of its directory', async () => {
    const files = {
      '_files/a.txt': 'a',
      '_files/empty/.gitkeep': '',
      '_files/x/.gitkeep': '',
      '_files/x/y': 'y',
    };
    await start({ files });
    await sync();
    expect((await push()).commitId).toBeNull();
    await fill(world.storage, { 'prod:empty/first': '1' });
    await push();
    expect(await world.repository.files()).toEqual({ ...files, '_files/empty/first': '1' });
  });

  it('masks a password in every place it could show', async () => {
    await start({
      files: { '_files/a.txt': 'a' },
      server: { auth: { username: 'u', password: 'pässwörd-1' } },
    });
    await sync({ username: 'u', password: 'pässwörd-1' });
    await expect(sync({ username: 'u', password: 'wrong-secret' })).rejects.toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      message: expect.not.stringContaining('wrong-secret'),
    });
    await expect(sync({ url: world.url.replace('http://', 'http://u:wr0ng-secret@') })).rejects.toMatchObject(
      {
        message: expect.not.stringContaining('wr0ng-secret'),
      },
    );
    expect(world.logs.join('\n')).not.toMatch(/pässwörd-1|wrong-secret|wr0ng/);
  });
});
