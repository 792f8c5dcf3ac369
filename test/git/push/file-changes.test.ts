import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { FileChange } from '../../../src/git/index.js';
import { author, push, remove, write } from '../../support/push.js';
import { ServedRepositories } from '../../support/served-repositories.js';

const served = new ServedRepositories();

describe('file changes', () => {
  test.each<[string, Record<string, string>, FileChange[], Record<string, string>]>([
    ['a file replaces a directory', { 'a/b': '1', 'a/c/d': '2' }, [write('a', 'x')], { a: 'x' }],
    [
      'a file replaces a directory whose files are deleted one by one',
      { 'a/b': '1', 'a/c/d': '2' },
      [remove('a/b'), remove('a/c/d'), write('a', 'x')],
      { a: 'x' },
    ],
    [
      'a directory replaces a file',
      { a: '1', z: '1' },
      [remove('a'), write('a/b', 'x')],
      { 'a/b': 'x', z: '1' },
    ],
    ['a directory replaces a file that nobody deletes', { a: '1' }, [write('a/b/c', 'x')], { 'a/b/c': 'x' }],
    [
      'an emptied directory goes, and its empty parents',
      { 'a/b/c/d': '1', z: '1' },
      [remove('a/b/c/d')],
      { z: '1' },
    ],
    [
      'a directory stays while something is in it',
      { 'a/b/c': '1', 'a/d': '1' },
      [remove('a/b/c')],
      { 'a/d': '1' },
    ],
    [
      'deleting a directory by its name does nothing',
      { 'a/b': '1', c: '1' },
      [remove('a'), remove('c')],
      { 'a/b': '1' },
    ],
    [
      'names sort as git sorts them',
      { 'a.b': '1', 'a/x': '1' },
      [write('a0', '1')],
      { 'a.b': '1', 'a/x': '1', a0: '1' },
    ],
    ['everything may go', { a: '1', 'b/c': '1' }, [remove('a'), remove('b/c')], {}],
  ])('%s', async (_, present, changes, expected) => {
    const { repository, url } = await served.create(present);
    await push(served.connect(url), changes);
    expect(await repository.files()).toEqual(expected);
    await repository.fsck();
  });

  test('keep the modes of existing files, unless they say otherwise', async () => {
    const { repository, url } = await served.create({
      run: { executable: '1' },
      stop: { executable: '1' },
      link: { link: 'run' },
      plain: '1',
    });
    await push(served.connect(url), [
      write('run', '2'),
      { path: 'stop', content: Buffer.from('1'), mode: '100644' },
      write('link', 'no link any more'),
      write('new', 'n'),
      { path: 'bin', content: Buffer.from('b'), mode: '100755' },
      { path: 'ln', content: Buffer.from('plain'), mode: '120000' },
    ]);
    const modes = (await repository.git('ls-tree', 'main')).trim().split('\n');
    expect(modes.map((line) => `${line.slice(0, 6)} ${line.split('\t')[1]}`)).toEqual([
      '100755 bin',
      '100644 link',
      '120000 ln',
      '100644 new',
      '100644 plain',
      '100755 run',
      '100644 stop',
    ]);
    await repository.fsck();
  });

  test('leave names alone that are not UTF-8', async () => {
    const { repository, url } = await served.create({ 'd/x': '1' });
    const blob = (await repository.git('rev-parse', 'main:d/x')).trim();
    const index = { ...process.env, GIT_INDEX_FILE: join(repository.path, 'tmp-index') };
    const input = Buffer.concat([Buffer.from(`100644 ${blob}\td/caf`), Buffer.from([0xe9, 0])]);
    execFileSync('git', ['-C', repository.path, 'update-index', '-z', '--index-info'], { env: index, input });
    const tree = execFileSync('git', ['-C', repository.path, 'write-tree'], { env: index }).toString().trim();
    const commit = (await repository.git('commit-tree', tree, '-m', 'latin1')).trim();
    await repository.git('update-ref', 'refs/heads/main', commit);
    await push(served.connect(url), [write('d/new', 'n')]);
    expect(await repository.git('ls-tree', '-r', '--name-only', 'main')).toBe('"d/caf\\351"\nd/new\n');
    await repository.fsck();
  });

  test.each([
    '../x',
    '/x',
    'a//b',
    'a/../b',
    '.git/config',
    'a/.Git/hooks/x',
    'a\0b',
    '',
    'a/',
    '.git ',
    'git~1/x',
  ])('to the path %j are refused before anything is sent', async (path) => {
    const { url } = await served.create({ a: '1' });
    const remote = served.connect(url);
    const base = await remote.openForPush('main', { path: '', contents: 'none' });
    const requests = served.requests.length;
    const pushed = remote.push(base, {
      changes: [{ path, content: Buffer.from('x') }],
      message: 'x',
      author,
    });
    await expect(pushed).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
    expect(served.requests).toHaveLength(requests);
  });

  test('through a symbolic link are refused', async () => {
    const { url } = await served.create({ 'real/a': '1', linked: { link: 'real' } });
    await expect(push(served.connect(url), [write('linked/b', 'x')])).rejects.toMatchObject({
      code: 'UNSAFE_PATH',
    });
  });

  test.each<[string, FileChange[]]>([
    ['name a path twice', [write('a', '1'), write('a', '2')]],
    ['make a path a file and a directory', [write('a', '1'), write('a/b', '2')]],
  ])('that %s are refused', async (_, changes) => {
    const { url } = await served.create();
    await expect(push(served.connect(url), changes)).rejects.toMatchObject({ code: 'INVALID_PROPERTIES' });
  });

  test('to a branch git would not create are refused', async () => {
    const { url } = await served.create({ a: '1' });
    const opened = served.connect(url).openForPush('a..b', { path: '', contents: 'none' });
    await expect(opened).rejects.toMatchObject({ code: 'INVALID_PROPERTIES' });
  });
});
