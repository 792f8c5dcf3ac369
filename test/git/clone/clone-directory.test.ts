import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
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

  test('that is a file is refused', async () => {
    const directory = served.place();
    await writeFile(directory, 'x');
    await expect(served.clone(served.storyUrl, { directory })).rejects.toMatchObject({
      code: 'INVALID_PROPERTIES',
    });
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
