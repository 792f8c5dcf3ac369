import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { encodePacket, flushPacket } from '../../../src/git/protocol/pkt-line.js';
import type { BareRepository } from '../../support/bare-repository.js';
import { readBody } from '../../support/served-repositories.js';
import { git, StoryClones } from '../../support/story-clones.js';

const served = new StoryClones();

const run = promisify(execFile);

const gitmodules = [
  '.gitmodules',
  '.GitModules',
  '.gitmodules. .',
  '.gitmodules:x',
  '.gitmo\u200cdules',
  'GITMOD~1',
  'gitmod~4 ',
  'gi7eba~1',
  'GI7EB~19:$DATA',
  '~1234567',
];

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

  test.each(gitmodules)('with a link %j is refused', async (name) => {
    const { repository, url } = await served.create({ 'sub/x': '1', l: { link: 'sub/x' } });
    const oid = (await repository.git('rev-parse', 'main:l')).trim();
    await commitTree(repository, [['120000', name, oid]]);
    await expect(served.clone(url)).rejects.toMatchObject({
      code: 'UNSAFE_PATH',
      message: expect.stringContaining('is a symbolic link'),
    });
    await expect(gitTakes(repository, name)).resolves.toBe(false);
  });

  test.each([
    '.gitattributes',
    '.gitignore',
    '.gitmodules2',
    'gitmodules',
    'gitmod~5',
    'gi7eba~0',
    'gi7eba~10',
    'g~12345',
    '.gitmodules .x',
  ])('may have a link %j, as git takes it', async (name) => {
    const { repository, url } = await served.create({ 'sub/x': '1', l: { link: 'sub/x' } });
    const oid = (await repository.git('rev-parse', 'main:l')).trim();
    await commitTree(repository, [['120000', name, oid]]);
    await expect(served.clone(url)).resolves.toMatchObject({ files: 1 });
    await expect(gitTakes(repository, name)).resolves.toBe(true);
  });

  test('may have a file ".gitmodules"', async () => {
    const { url } = await served.create({ '.gitmodules': '', 'sub/.GITMODULES': '' });
    await expect(served.clone(url)).resolves.toMatchObject({ files: 2 });
  });

  test.each(['100644', '120000'])(
    'with a tree in place of a content, by the mode %s, is refused',
    async (mode) => {
      const { repository, url } = await served.create({ 'a/x': '1' });
      const tree = (await repository.git('rev-parse', 'main:a')).trim();
      await commitTree(repository, [[mode, 'f', tree]]);
      const directory = served.place();
      await mkdir(directory);
      await expect(served.clone(url, { directory })).rejects.toMatchObject({
        code: 'CORRUPT_PACK',
      });
      expect(await readdir(directory)).toEqual([]);
    },
  );

  test('may have files with modes of old, as git takes them', async () => {
    const { repository, url } = await served.create({ x: '1' });
    const oid = (await repository.git('rev-parse', 'main:x')).trim();
    await commitTree(repository, [
      ['100600', 'a', oid],
      ['100775', 'b', oid],
    ]);
    const { directory } = await served.clone(url);
    expect((await stat(join(directory, 'a'))).mode & 0o111).toBe(0);
    expect((await stat(join(directory, 'b'))).mode & 0o100).toBe(0o100);
    expect((await run('git', ['-C', directory, 'status', '--porcelain'])).stdout).toBe('');
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

describe('a hostile server', () => {
  test.each(['refs/heads/../../../../victim', 'refs/heads//victim', 'refs/heads/victim.lock', 'victim'])(
    'that calls its branch %j does not choose what is written',
    async (name) => {
      const directory = served.place();
      await mkdir(directory);
      await writeFile(join(directory, '../victim'), 'precious');
      const tip = (await served.story.git('rev-parse', 'main')).trim();
      listing([`${tip} HEAD symref-target:${name}`, `${tip} ${name}`, `${tip} refs/tags/../victim`]);
      const clone = join(directory, 'clone');
      const { commit } = await served.clone(served.storyUrl, { directory: clone });
      expect(commit).toBe(tip);
      expect(await readFile(join(directory, '../victim'), 'utf8')).toBe('precious');
      // As git does with a HEAD that is no branch's.
      expect(await git(clone, 'status', '--porcelain', '--branch')).toBe('## HEAD (no branch)\n');
      expect(await git(clone, 'for-each-ref')).toBe('');
    },
  );

  test('that lists what are no ids is not believed', async () => {
    listing([`../../victim refs/heads/main`]);
    await expect(served.clone(served.storyUrl, { branch: 'main' })).rejects.toMatchObject({
      code: 'REMOTE_ERROR',
    });
  });

  test.each([
    ['no id', 'victim\n', 'REMOTE_ERROR'],
    ['at another commit', '0'.repeat(40), 'CORRUPT_PACK'],
  ])('that says the history ends %s makes no clone with a hole', async (_what, end, code) => {
    served.intercept = async (request, response) => {
      if (request.method !== 'POST') return false;
      const finish = response.end.bind(response);
      response.end = ((answer: Buffer) => {
        const cut = answer.indexOf('shallow ');
        if (cut !== -1) answer.write(end, cut + 'shallow '.length);
        return finish(answer);
      }) as typeof response.end;
      return served.answer(request, response, await readBody(request));
    };
    const directory = served.place();
    await expect(served.clone(served.storyUrl, { directory })).rejects.toMatchObject({ code });
    await expect(stat(directory)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

/** Has the server answer requests for refs with these lines. */
function listing(lines: string[]): void {
  served.intercept = async (request, response) => {
    if (request.method !== 'POST') return false;
    const body = await readBody(request);
    if (!body.includes('command=ls-refs')) return served.answer(request, response, body);
    response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' });
    response.end(Buffer.concat([...lines.map((line) => encodePacket(`${line}\n`)), flushPacket]));
    return true;
  };
}

/** Whether git would put a link of that name into its index, on any file system. */
async function gitTakes(repository: BareRepository, name: string): Promise<boolean> {
  const protections = ['-c', 'core.protectHFS=true', '-c', 'core.protectNTFS=true'];
  const entry = `120000,${'1'.repeat(40)},${name}`;
  return repository.git(...protections, 'update-index', '--add', '--cacheinfo', entry).then(
    () => true,
    () => false,
  );
}

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
