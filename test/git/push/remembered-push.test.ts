import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { FileChange } from '../../../src/git/index.js';
import { acquireLockFile } from '../../../src/git/mirror/lock-file.js';
import { push, remove, write } from '../../support/push.js';
import { ServedRepositories } from '../../support/served-repositories.js';

const served = new ServedRepositories();
const noise = (seed: number) =>
  Array.from({ length: 40 }, (_, line) => Math.sin(seed * 97 + line)).join('\n');

/** What a sync of another process reads of the branch. */
async function readAll(url: string, cacheDir: string, path: string): Promise<Record<string, string>> {
  const remote = served.connect(url, { cacheDir });
  const snapshot = await remote.openSnapshot({ branch: 'main' }, { path, contents: 'all' });
  const entries = (await snapshot.list(path)) ?? [];
  const contents = await snapshot.read(entries.map(({ oid }) => oid));
  await remote.close();
  return Object.fromEntries(
    entries.map(({ path, oid }) => [path, Buffer.from(contents.get(oid) ?? []).toString()]),
  );
}

/** As another process does it: with the directory as all that it shares. */
async function pushOnce(url: string, cacheDir: string, changes: FileChange[], path = ''): Promise<void> {
  const remote = served.connect(url, { cacheDir });
  await push(remote, changes, { path }).finally(() => remote.close());
}

async function filesBelow(directory: string): Promise<string[]> {
  const names = await readdir(directory, { recursive: true });
  return names.map((name) => join(directory, name)).sort();
}

async function requestsOf(act: () => Promise<unknown>): Promise<number> {
  const before = served.requests.length;
  await act();
  return served.requests.length - before;
}

describe('what was pushed', () => {
  test('to an empty repository is at hand for who reads the commit', async () => {
    const { url } = await served.create();
    const cacheDir = served.place();
    await pushOnce(url, cacheDir, [write('_files/a', noise(1)), write('_files/b/c', noise(2))]);
    const read = () => readAll(url, cacheDir, '_files');
    expect(await requestsOf(read)).toBe(1);
    expect(await read()).toEqual({ '_files/a': noise(1), '_files/b/c': noise(2) });
  });

  test('on top of what was read before is at hand, with what it left as it was', async () => {
    const { url, repository } = await served.create({
      '_files/a': noise(1),
      '_files/d/b': noise(2),
      '_files/d/e': noise(3),
      other: noise(4),
    });
    const cacheDir = served.place();
    await readAll(url, cacheDir, '_files');
    await pushOnce(url, cacheDir, [write('_files/d/b', noise(5)), remove('_files/a')], '_files');
    const read = () => readAll(url, cacheDir, '_files');
    expect(await requestsOf(read)).toBe(1);
    expect(await read()).toEqual({ '_files/d/b': noise(5), '_files/d/e': noise(3) });
    expect(await repository.files()).toEqual({ ...(await read()), other: noise(4) });
  });

  test('on top of trees alone brings no contents that nobody had', async () => {
    const { url } = await served.create({ '_files/a': noise(1), '_files/b': noise(2) });
    const cacheDir = served.place();
    await pushOnce(url, cacheDir, [write('_files/b', noise(3))], '_files');
    expect(await readAll(url, cacheDir, '_files')).toEqual({ '_files/a': noise(1), '_files/b': noise(3) });
  });

  test('in great amounts is remembered without its contents', async () => {
    const { url } = await served.create();
    const cacheDir = served.place();
    const large = Array.from({ length: 3 }, (_, number) => String(number).repeat(3 * 1024 * 1024));
    await pushOnce(
      url,
      cacheDir,
      large.map((content, number) => write(`_files/${number}`, content)),
    );
    const remote = served.connect(url, { cacheDir });
    const asked = await requestsOf(async () => {
      const snapshot = await remote.openSnapshot({ branch: 'main' }, { path: '_files', contents: 'none' });
      expect(await snapshot.list('_files')).toHaveLength(3);
    });
    expect(asked).toBe(1);
    expect(Object.values(await readAll(url, cacheDir, '_files'))).toEqual(large);
  });

  test('is built upon by the next push, which asks for refs alone before it writes', async () => {
    const { url, repository } = await served.create({ '_files/a': noise(1), '_files/b': noise(2) });
    const cacheDir = served.place();
    await pushOnce(url, cacheDir, [write('_files/b', noise(3))], '_files');
    expect(await requestsOf(() => pushOnce(url, cacheDir, [write('_files/c', noise(4))], '_files'))).toBe(3);
    await repository.fsck();
    expect(Object.keys(await repository.files())).toEqual(['_files/a', '_files/b', '_files/c']);
  });

  test('and refused leaves nothing', async () => {
    const { url, repository } = await served.create({ '_files/a': noise(1) });
    const cacheDir = served.place();
    await readAll(url, cacheDir, '_files');
    const before = await filesBelow(cacheDir);
    served.intercept = async (request) => {
      if (request.method === 'POST' && request.url?.endsWith('receive-pack'))
        await repository.commit({ '_files/theirs': 'first' });
      return false;
    };
    const late = pushOnce(url, cacheDir, [write('_files/a', noise(2))], '_files');
    await expect(late).rejects.toMatchObject({ code: 'PUSH_REJECTED' });
    expect(await filesBelow(cacheDir)).toEqual(before);
  });

  test('is let go when somebody else keeps the mirror busy', async () => {
    const { url } = await served.create({ '_files/a': noise(1) });
    const cacheDir = served.place();
    await readAll(url, cacheDir, '_files');
    const manifest = (await filesBelow(cacheDir)).find((path) => path.endsWith('manifest')) ?? '';
    const text = await readFile(manifest, 'utf8');
    const release = await acquireLockFile(dirname(manifest), undefined);
    try {
      await pushOnce(url, cacheDir, [write('_files/a', noise(2))], '_files');
      expect(await readFile(manifest, 'utf8')).toBe(text);
    } finally {
      release();
    }
    expect(await readAll(url, cacheDir, '_files')).toEqual({ '_files/a': noise(2) });
  });
});
