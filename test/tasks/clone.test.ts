import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { createRunContext } from '../../src/runtime/create-context.js';
import { Clone } from '../../tasks/clone.js';
import { gitEnvironment } from '../support/bare-repository.js';
import { createWorld, type World, type WorldOptions } from '../support/world.js';

let world: World;
let work: string;
const start = async (options: WorldOptions) => {
  world = await createWorld(options);
  work = join(world.directory, 'work');
  await mkdir(work);
};
afterEach(() => world.close());

const clone = (properties: Partial<ConstructorParameters<typeof Clone>[0]> = {}) =>
  new Clone({ url: world.url, ...properties }).run(
    createRunContext({ storage: world.storage, workingDirectory: work }),
  );
const git = async (directory: string, ...args: string[]) =>
  (await promisify(execFile)('git', ['-C', directory, ...args], { env: gitEnvironment })).stdout.trim();

describe('Clone', () => {
  it('makes a repository that git accepts, with modes and links', async () => {
    await start({
      files: {
        'a.txt': 'a',
        'run.sh': { executable: '#!/bin/sh\n' },
        link: { link: 'd/b.txt' },
        'd/b.txt': 'b',
      },
    });
    const output = await clone({ directory: 'x/y' });
    const directory = join(work, 'x/y');
    expect(output).toEqual({ directory, commitId: await world.repository.tip() });
    expect(await readFile(join(directory, 'link'), 'utf8')).toBe('b');
    expect((await stat(join(directory, 'run.sh'))).mode & 0o111).not.toBe(0);
    expect(await git(directory, 'status', '--porcelain')).toBe('');
    expect(await git(directory, 'rev-parse', '--abbrev-ref', 'HEAD')).toBe('main');
    await git(directory, 'fsck', '--strict');
    await world.repository.commit({ 'new.txt': 'n' });
    await git(directory, 'pull', '--quiet');
    expect(await readFile(join(directory, 'new.txt'), 'utf8')).toBe('n');
  });

  it('brings one commit by default and all of them on request', async () => {
    await start({ files: { 'a.txt': '1' } });
    await world.repository.commit({ 'a.txt': '2' });
    await clone({ directory: 'shallow' });
    await clone({ directory: 'full', depth: 0 });
    expect(await git(join(work, 'shallow'), 'rev-list', '--count', 'HEAD')).toBe('1');
    expect(await git(join(work, 'full'), 'rev-list', '--count', 'HEAD')).toBe('2');
  });

  it('checks out a commit, also by a short id, and a tag, detached', async () => {
    await start({ files: { 'a.txt': '1' } });
    const first = (await world.repository.tip()) ?? '';
    await world.repository.git('tag', '-a', '-m', 't', 'v1', 'main');
    await world.repository.commit({ 'a.txt': '2' });
    for (const properties of [{ commit: first.slice(0, 7) }, { commit: first }, { tag: 'v1' }]) {
      const directory = Object.values(properties).join('-');
      expect((await clone({ ...properties, directory })).commitId).toBe(first);
      expect(await git(join(work, directory), 'rev-parse', '--abbrev-ref', 'HEAD')).toBe('HEAD');
      expect(await readFile(join(work, directory, 'a.txt'), 'utf8')).toBe('1');
    }
  });

  it('fetches every branch only when asked to', async () => {
    await start({ files: { 'a.txt': '1' } });
    await world.repository.commit({ 'b.txt': '2' }, { branch: 'dev', from: 'main' });
    await clone({ directory: 'one' });
    await clone({ directory: 'all', cloneAllBranches: true });
    expect(await git(join(work, 'one'), 'branch', '-r')).not.toContain('origin/dev');
    expect(await git(join(work, 'all'), 'branch', '-r')).toContain('origin/dev');
    expect((await clone({ directory: 'dev', branch: 'dev' })).commitId).toBe(
      await world.repository.tip('dev'),
    );
  });

  it('clones beside files that are there, and refuses to overwrite them', async () => {
    await start({ files: { 'a.txt': 'git', 'b.txt': 'b' } });
    await writeFile(join(work, 'mine.txt'), 'mine');
    await clone();
    expect((await readdir(work)).sort()).toEqual(['.git', 'a.txt', 'b.txt', 'mine.txt']);
    const other = join(work, 'other');
    await mkdir(other);
    await writeFile(join(other, 'a.txt'), 'mine');
    await expect(clone({ directory: 'other' })).rejects.toMatchObject({
      code: 'CHECKOUT_CONFLICT',
      message: expect.stringContaining('a.txt'),
    });
    expect(await readdir(other)).toEqual(['a.txt']);
    expect(await readFile(join(other, 'a.txt'), 'utf8')).toBe('mine');
  });

  it('writes gitConfig, and no credentials anywhere', async () => {
    await start({
      files: { 'a.txt': 'a' },
      server: { auth: { username: 'user', password: 'hunter2hunter2' } },
    });
    await clone({
      username: 'user',
      password: 'hunter2hunter2',
      gitConfig: { 'user.name': 'Bot', 'pull.rebase': true },
    });
    expect(await git(work, 'config', 'user.name')).toBe('Bot');
    expect(await git(work, 'config', 'pull.rebase')).toBe('true');
    const { stdout } = await promisify(execFile)('grep', ['-r', 'hunter2', work]).catch(
      ({ stdout = '' }) => ({ stdout }),
    );
    expect(stdout).toBe('');
  });

  it.each([
    [{ tag: 'v1', noTags: true }, 'INVALID_PROPERTIES'],
    [{ cloneAllBranches: false }, 'INVALID_PROPERTIES'],
    [{ directory: '../out' }, 'INVALID_PROPERTIES'],
    [{ directory: '/tmp/out' }, 'INVALID_PROPERTIES'],
    [{ commit: 'not-hex' }, 'INVALID_PROPERTIES'],
    [{ cloneSubmodules: true }, 'UNSUPPORTED'],
  ])('refuses %o before it asks anything of the network', async (properties, code) => {
    await start({ files: { 'a.txt': 'a' } });
    await expect(clone(properties)).rejects.toMatchObject({ code });
    expect(world.server.requests).toEqual([]);
  });

  it('says of a directory that it has to be in the working directory', async () => {
    await start({ files: { 'a.txt': 'a' } });
    await expect(clone({ directory: '../out' })).rejects.toMatchObject({
      message: expect.stringContaining('must be a relative directory inside the working directory'),
    });
  });

  it('refuses links that leave the clone, and leaves nothing behind', async () => {
    await start({ files: { 'a.txt': 'a', evil: { link: '../../../../etc/passwd' } } });
    await expect(clone({ directory: 'x' })).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
    expect(await readdir(work)).toEqual([]);
  });

  it('says which branches there are when the one named is not', async () => {
    await start({ files: { 'a.txt': 'a' } });
    await expect(clone({ branch: 'dev', directory: 'x' })).rejects.toMatchObject({
      code: 'BRANCH_NOT_FOUND',
      message: expect.stringContaining('dev'),
    });
    expect(await readdir(work)).toEqual([]);
  });

  it.each([
    ['file/x', 'ENOTDIR'],
    ['x'.repeat(300), 'ENAMETOOLONG'],
  ])('says why it cannot clone into %j', async (directory, code) => {
    await start({ files: { 'a.txt': 'a' } });
    await writeFile(join(work, 'file'), '');
    await expect(clone({ directory })).rejects.toMatchObject({
      code: 'STORAGE_ERROR',
      message: expect.stringContaining(join(work, directory)),
      data: { code },
    });
    expect(await readdir(work)).toEqual(['file']);
  });

  it('says that the working directory is not there, and makes none', async () => {
    await start({ files: { 'a.txt': 'a' } });
    const missing = join(work, 'missing');
    const cloning = (workingDirectory: string) =>
      new Clone({ url: world.url }).run(createRunContext({ storage: world.storage, workingDirectory }));
    const error = { code: 'DIRECTORY_NOT_FOUND', data: { directory: missing } };
    await expect(cloning(missing)).rejects.toMatchObject(error);
    await writeFile(join(work, 'file'), '');
    await expect(cloning(join(work, 'file', 'below'))).rejects.toMatchObject({ code: 'DIRECTORY_NOT_FOUND' });
    expect(await readdir(work)).toEqual(['file']);
  });
});
