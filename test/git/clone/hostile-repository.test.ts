import { execFile } from 'node:child_process';
import { mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { BareRepository } from '../../support/bare-repository.js';
import { StoryClones } from '../../support/story-clones.js';

const served = new StoryClones();

const run = promisify(execFile);

describe('a hostile repository', () => {
  test.each<[string, Record<string, { link: string } | string>]>([
    ['an absolute link', { a: { link: '/etc/passwd' } }],
    ['a link out of the clone', { 'd/a': { link: '../../x' } }],
    ['a link into .git', { a: { link: '.git/hooks' } }],
    ['links that lead out together', { 'd/e/up': { link: '../..' }, a: { link: 'd/e/up/../x' } }],
  ])('with %s is refused and leaves nothing behind', async (_, files) => {
    const { url } = await served.create({ 'a-file': 'x', ...files });
    const directory = served.place();
    await mkdir(directory);
    await expect(served.clone(url, { directory })).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
    expect(await readdir(directory)).toEqual([]);
  });

  test.each([
    ['.git', '40000'],
    ['.GIT', '40000'],
    ['git~1', '40000'],
    ['..', '40000'],
    ['.git', '100644'],
    ['a/b', '100644'],
    ['.g\u200cit', '40000'],
  ])('with an entry %j is refused', async (name, mode) => {
    const { repository, url } = await served.create({ 'sub/x': '1' });
    const oid = (await repository.git('rev-parse', mode === '40000' ? 'main:sub' : 'main:sub/x')).trim();
    await commitTree(repository, [[mode, name, oid]]);
    await expect(served.clone(url)).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
  });

  test('with a name for a link and a directory both is refused', async () => {
    const { repository, url } = await served.create({ 'a/x': '1', l: { link: 'README' } });
    const [directory, link] = (await repository.git('rev-parse', 'main:a', 'main:l')).trim().split('\n');
    await commitTree(repository, [
      ['120000', 'a', link ?? ''],
      ['40000', 'a', directory ?? ''],
    ]);
    await expect(served.clone(url)).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
  });

  test('writes nothing through a link that stands in the directory', async () => {
    const outside = served.place();
    const directory = served.place();
    await mkdir(outside);
    await mkdir(directory);
    await symlink(outside, join(directory, 'flows'));
    await expect(served.clone(served.storyUrl, { directory })).rejects.toMatchObject({
      code: 'CHECKOUT_CONFLICT',
    });
    expect(await readdir(outside)).toEqual([]);
  });
});

/** Makes a commit of a root tree that git itself would not write. */
async function commitTree(repository: BareRepository, entries: [mode: string, name: string, oid: string][]) {
  const lines = entries.map(([mode, name, oid]) =>
    Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(oid, 'hex')]),
  );
  const hashing = run('git', [
    '-C',
    repository.path,
    'hash-object',
    '--literally',
    '-w',
    '-t',
    'tree',
    '--stdin',
  ]);
  hashing.child.stdin?.end(Buffer.concat(lines));
  const commit = await repository.git('commit-tree', (await hashing).stdout.trim(), '-m', 'hostile');
  await repository.git('update-ref', 'refs/heads/main', commit.trim());
}
