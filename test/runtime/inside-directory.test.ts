import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { insideDirectory } from '../../src/runtime/inside-directory.js';

let outside: string;
let root: string;

beforeEach(async () => {
  outside = await realpath(await mkdtemp(join(tmpdir(), 'flowgit-test-')));
  root = join(outside, 'root');
  await mkdir(join(root, 'sub'), { recursive: true });
  await writeFile(join(root, 'file'), 'x');
});

afterEach(() => rm(outside, { recursive: true }));

describe('a path of a directory', () => {
  test.each(['file', 'file/below', 'new', 'new/deep', 'sub/../file', '.', 'sub/new', '..a'])(
    '%j is inside',
    async (name) => {
      expect(await insideDirectory(root, name)).toBe(join(root, name));
    },
  );

  test.each(['..', '../root2', 'sub/../../x', '/etc/passwd', 'a\0b'])('%j is refused', async (name) => {
    await expect(insideDirectory(root, name)).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
  });

  test.each([
    ['to a directory outside', '..'],
    ['to what does not exist outside', '../absent'],
    ['to an absolute path that does not exist', '/absent/flowgit'],
    ['to a link that leads to what does not exist outside', 'other'],
  ])('through a link %s is refused', async (_where, target) => {
    await symlink('../absent', join(root, 'other'));
    await symlink(target, join(root, 'link'));
    for (const name of ['link', 'link/below']) {
      await expect(insideDirectory(root, name)).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
    }
  });

  test('through a link to what does not exist inside is taken', async () => {
    await symlink('../later', join(root, 'sub/link'));
    expect(await insideDirectory(root, 'sub/link')).toBe(join(root, 'sub/link'));
  });

  test('through a link that leads to itself by way of nothing fails', async () => {
    await symlink('absent/../link', join(root, 'link'));
    await expect(insideDirectory(root, 'link')).rejects.toThrow();
  });
});
