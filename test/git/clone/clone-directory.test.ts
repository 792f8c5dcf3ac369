import { execFile } from 'node:child_process';
import { cpSync, existsSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { prepareDirectory } from '../../../src/git/clone/target-directory.js';
import { gitEnvironment } from '../../support/bare-repository.js';
import { type Intercept, readBody } from '../../support/served-repositories.js';
import { git, listing, StoryClones } from '../../support/story-clones.js';

const served = new StoryClones();

const run = promisify(execFile);

describe('a directory that is not empty', () => {
  test('keeps its files, and takes those of the repository beside them', async () => {
    const directory = served.place();
    await mkdir(join(directory, 'flows'), { recursive: true });
    await writeFile(join(directory, 'mine.txt'), 'mine');
    await writeFile(join(directory, 'flows/mine.yml'), 'mine');
    await served.clone(served.storyUrl, { directory });
    expect(await readFile(join(directory, 'mine.txt'), 'utf8')).toBe('mine');
    expect(await git(directory, 'status', '--porcelain')).toBe('?? flows/mine.yml\n?? mine.txt\n');
    expect(await readFile(join(directory, 'flows/a.yml'), 'utf8')).toBe('id: a2\n');
  });

  test('may hold files with the same content already', async () => {
    const directory = served.place();
    await mkdir(join(directory, 'bin'), { recursive: true });
    await writeFile(join(directory, 'README.md'), '# Story\n');
    await writeFile(join(directory, 'bin/run'), '#!/bin/sh\n');
    await symlink('flows/a.yml', join(directory, 'latest.yml'));
    await served.clone(served.storyUrl, { directory });
    expect(await git(directory, 'status', '--porcelain')).toBe('');
  });

  test('is left alone when files stand in the way, and all of them are listed', async () => {
    const directory = served.place();
    await mkdir(join(directory, 'README.md'), { recursive: true });
    await mkdir(join(directory, 'bin'), { recursive: true });
    await writeFile(join(directory, 'bin/run'), 'other');
    await writeFile(join(directory, 'flows'), 'a file');
    await symlink(join(directory, 'bin'), join(directory, 'ünï'));
    await writeFile(join(directory, 'latest.yml'), 'no link');
    const before = await listing(directory);
    await expect(served.clone(served.storyUrl, { directory })).rejects.toMatchObject({
      code: 'CHECKOUT_CONFLICT',
      data: { paths: expect.arrayContaining(['README.md', 'bin/run', 'flows', 'latest.yml', 'ünï']) },
    });
    expect(await listing(directory)).toEqual(before);
  });

  test('that holds a repository is refused with a hint', async () => {
    const directory = served.place();
    await run('git', ['init', '-q', directory], { env: gitEnvironment });
    const before = await listing(directory);
    await expect(served.clone(served.storyUrl, { directory })).rejects.toMatchObject({
      code: 'INVALID_PROPERTIES',
      hint: expect.stringContaining('.git'),
    });
    expect(await listing(directory)).toEqual(before);
  });

  test.each([
    ['below a file', 'file/x', 'ENOTDIR'],
    ['whose name is too long', 'x'.repeat(300), 'ENAMETOOLONG'],
  ])('%s is named in the error, with what to do', async (_, name, code) => {
    const root = served.place();
    await mkdir(root);
    await writeFile(join(root, 'file'), 'x');
    const directory = join(root, name);
    await expect(served.clone(served.storyUrl, { directory })).rejects.toMatchObject({
      code: 'STORAGE_ERROR',
      message: expect.stringContaining(`Cannot clone into ${directory}: ${code}`),
      hint: expect.stringContaining('directory'),
      data: { code },
    });
    expect(await readdir(root)).toEqual(['file']);
  });

  test('that is a file is refused', async () => {
    const directory = served.place();
    await writeFile(directory, 'x');
    await expect(served.clone(served.storyUrl, { directory })).rejects.toMatchObject({
      code: 'INVALID_PROPERTIES',
    });
  });
});

describe('what a killed clone leaves', () => {
  test.each([
    ['while the pack arrives', 'receive'],
    ['during the checkout', 'checkout'],
  ])('%s is no repository to git, and a second clone says what to remove', async (_, at) => {
    const [directory, left] = [served.place(), served.place()];
    const onProgress = ({ phase }: { phase: string }) => {
      if (phase !== at || existsSync(left)) return;
      cpSync(directory, left, { recursive: true, verbatimSymlinks: true });
    };
    await served.clone(served.storyUrl, { directory }, { onProgress });
    await expect(git(left, 'rev-parse', '--git-dir')).rejects.toThrow('not a git repository');
    const before = await listing(left);
    await expect(served.clone(served.storyUrl, { directory: left })).rejects.toMatchObject({
      code: 'INVALID_PROPERTIES',
      hint: expect.stringContaining('killed'),
    });
    expect(await listing(left)).toEqual(before);
    await rm(join(left, '.git'), { recursive: true });
    await served.clone(served.storyUrl, { directory: left });
    expect(await git(left, 'status', '--porcelain')).toBe('');
  });

  test('is not what a submodule or another working tree has for its repository', async () => {
    const directory = served.place();
    await mkdir(directory);
    await writeFile(join(directory, '.git'), 'gitdir: ../elsewhere');
    await expect(served.clone(served.storyUrl, { directory })).rejects.toMatchObject({
      code: 'INVALID_PROPERTIES',
      hint: expect.not.stringContaining('killed'),
    });
  });
});

describe('two clones into one directory at once', () => {
  test.each<[string, (directory: string) => Promise<unknown>]>([
    ['that is missing', async () => {}],
    ['that is empty', (directory) => mkdir(directory)],
    [
      'that holds a file',
      (directory) => mkdir(directory).then(() => writeFile(join(directory, 'mine'), '1')),
    ],
  ])('%s: one succeeds, and the other is refused as for any repository', async (_, prepare) => {
    const directory = join(served.place(), 'both');
    await mkdir(join(directory, '..'));
    await prepare(directory);
    const clones = await Promise.allSettled([1, 2].map(() => served.clone(served.storyUrl, { directory })));
    expect(clones.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(clones.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'INVALID_PROPERTIES', message: `${directory} already holds a git repository.` },
    });
    expect(await git(directory, 'status', '--porcelain', '--untracked-files=no')).toBe('');
    expect(await readFile(join(directory, 'flows/a.yml'), 'utf8')).toBe('id: a2\n');
  });

  test('may both have found it without a repository', async () => {
    const directory = served.place();
    await mkdir(directory);
    const prepared = await Promise.allSettled([1, 2].map(() => prepareDirectory(directory)));
    expect(prepared.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });
});

describe('a clone that fails on its way', () => {
  const breakTransfer: Intercept = async (request, response) => {
    if (request.method !== 'POST') return false;
    const body = await readBody(request);
    if (!body.includes('command=fetch')) return served.answer(request, response, body);
    response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' });
    response.write('000dpackfile\n');
    response.end('0015\x01PACK\0\0\0\x02\0\0\0\x09garb');
    return true;
  };

  test('leaves no directory where there was none', async () => {
    const directory = join(served.place(), 'deep/down');
    served.intercept = breakTransfer;
    await expect(served.clone(served.storyUrl, { directory })).rejects.toMatchObject({
      code: expect.stringMatching(/CORRUPT_PACK|REMOTE_ERROR/),
    });
    await expect(stat(join(directory, '../..'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('leaves an empty directory empty', async () => {
    const directory = served.place();
    await mkdir(directory);
    served.intercept = breakTransfer;
    await expect(served.clone(served.storyUrl, { directory })).rejects.toThrow();
    expect(await readdir(directory)).toEqual([]);
  });

  test('leaves what a directory held', async () => {
    const directory = served.place();
    await mkdir(join(directory, 'flows'), { recursive: true });
    await writeFile(join(directory, 'flows/mine'), '1');
    served.intercept = breakTransfer;
    await expect(served.clone(served.storyUrl, { directory })).rejects.toThrow();
    expect(await listing(directory)).toEqual(['flows', 'flows/mine']);
  });

  test('because it was cancelled leaves nothing', async () => {
    const directory = served.place();
    const stop = new AbortController();
    const onProgress = () => stop.abort();
    const cloning = served.clone(
      served.storyUrl,
      { directory, depth: 0 },
      { signal: stop.signal, onProgress },
    );
    await expect(cloning).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(stat(directory)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test.each<[string, (directory: string) => Promise<unknown>]>([
    ['was missing', async () => {}],
    ['was empty', (directory) => mkdir(directory)],
    ['held a file', (directory) => mkdir(directory).then(() => writeFile(join(directory, 'mine'), '1'))],
  ])('leaves what others put meanwhile into a directory that %s', async (_, prepare) => {
    const directory = served.place();
    await prepare(directory);
    const before = await listing(directory).catch(() => []);
    const onProgress = ({ phase }: { phase: string }) => {
      if (phase !== 'checkout') return;
      writeFileSync(join(directory, 'theirs'), '1');
      writeFileSync(join(directory, 'flows/theirs'), '2');
      throw new Error('stop here');
    };
    await expect(served.clone(served.storyUrl, { directory }, { onProgress })).rejects.toThrow('stop here');
    expect(await listing(directory)).toEqual(['flows', 'flows/theirs', ...before, 'theirs']);
    expect(await readFile(join(directory, 'flows/theirs'), 'utf8')).toBe('2');
  });

  test('because somebody made one of its files meanwhile leaves that file', async () => {
    const directory = served.place();
    served.intercept = async ({ method }) => {
      // The clone has its directory when it asks for the pack.
      if (method === 'POST' && existsSync(directory)) await writeFile(join(directory, 'README.md'), 'theirs');
      return false;
    };
    await expect(served.clone(served.storyUrl, { directory })).rejects.toMatchObject({
      code: 'CHECKOUT_CONFLICT',
      data: { paths: ['README.md'] },
    });
    expect(await listing(directory)).toEqual(['README.md']);
    expect(await readFile(join(directory, 'README.md'), 'utf8')).toBe('theirs');
  });

  test('during the checkout takes back what it wrote', async () => {
    const directory = served.place();
    await mkdir(directory);
    await writeFile(join(directory, 'mine'), '1');
    const onProgress = ({ phase }: { phase: string }) => {
      if (phase === 'checkout') throw new Error('stop here');
    };
    await expect(served.clone(served.storyUrl, { directory }, { onProgress })).rejects.toThrow('stop here');
    expect(await listing(directory)).toEqual(['mine']);
  });
});
