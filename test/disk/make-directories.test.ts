import * as promises from 'node:fs/promises';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { makeDirectories } from '../../src/disk/make-directories.js';

const failing = (code: string) => async () => {
  throw Object.assign(new Error(code), { code });
};

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'flowgit-make-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

it('makes all directories that are missing, and tells the first', async () => {
  const root = await temporaryDirectory();
  expect(await makeDirectories(join(root, 'a/b/c'))).toBe(join(root, 'a'));
  expect(await makeDirectories(join(root, 'a/b/c'))).toBeUndefined();
});

it('says that the file system is read-only where Node says that the directory is missing', async () => {
  const root = await temporaryDirectory();
  const access: typeof promises.access = async (path, mode) =>
    path === root ? failing('EROFS')() : promises.access(path, mode);
  const making = makeDirectories(join(root, 'a/b/c'), { mkdir: failing('ENOENT'), access });
  await expect(making).rejects.toMatchObject({ code: 'EROFS' });
});

it.each(['ENOENT', 'ENOSPC'])('says %s where no directory above tells another reason', async (code) => {
  const root = await temporaryDirectory();
  const { access } = promises;
  await expect(makeDirectories(join(root, 'a/b'), { mkdir: failing(code), access })).rejects.toMatchObject({
    code,
  });
});
