import { execFile } from 'node:child_process';
import { mkdir, readdir, readlink, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Worker } from 'node:worker_threads';
import { beforeAll, describe, expect, test } from 'vitest';
import { gitEnvironment } from '../../support/bare-repository.js';
import { feedFastImport, git, StoryClones } from '../../support/story-clones.js';

const served = new StoryClones();
const run = promisify(execFile);
const count = 3000;
let url = '';

beforeAll(async () => {
  const made = await served.create({ README: 'first' });
  url = made.url;
  await feedFastImport(made.repository, script((await made.repository.tip()) ?? ''));
});

/** So many files that a second thread writes along, with everything else that a tree may hold in between. */
function script(tip: string): Buffer {
  const lines = [`commit refs/heads/main\ncommitter A <a@b.c> 1700000000 +0000\ndata 1\nm\nfrom ${tip}\n`];
  const add = (mode: string, path: string, content: string): void => {
    lines.push(`M ${mode} inline ${path}\ndata ${Buffer.byteLength(content, 'latin1')}\n${content}\n`);
  };
  for (let index = 0; index < count; index++) {
    const text = index % 50 === 0 ? 'the same everywhere' : `file ${index}\n`.repeat(1 + (index % 40));
    add(
      index % 7 === 0 ? '100755' : '100644',
      `area-${index % 5}/team-${index % 60}/file-${index}.yml`,
      text,
    );
  }
  add('100644', 'area-3/caf\xe9/r\xe9sum\xe9', 'not UTF-8');
  add('100644', 'area-3/empty', '');
  add('100644', 'area-4/large', 'large file\n'.repeat(150_000));
  add('120000', 'area-1/link', 'team-1/file-1.yml');
  lines.push(`M 160000 ${'1'.repeat(40)} area-2/module\n`);
  return Buffer.from(lines.join(''), 'latin1');
}

async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name));
}

describe('a clone of many files', () => {
  test.each([1, 0])('with depth %i equals the one git makes, and git sees no change in it', async (depth) => {
    const { directory, files } = await served.clone(url, { depth });
    const theirs = served.place();
    await run('git', ['clone', '--quiet', url, theirs], { env: gitEnvironment });
    expect(files).toBe(count + 6);
    expect(await git(directory, 'ls-files', '-s')).toBe(await git(theirs, 'ls-files', '-s'));
    expect(await git(directory, 'diff-files', '--raw')).toBe('');
    expect(await git(directory, 'status', '--porcelain')).toBe('');
    await git(directory, 'fsck', '--strict');
    await run('diff', ['--recursive', '--exclude=.git', '--no-dereference', theirs, directory]);
    expect(await readlink(join(directory, 'area-1/link'))).toBe('team-1/file-1.yml');
    expect(await readdir(join(directory, 'area-2/module'))).toEqual([]);
    expect((await stat(join(directory, 'area-0/team-35/file-35.yml'))).mode & 0o111).toBeGreaterThan(0);
  });

  test.each([
    ['while it arrives', 'receive'],
    ['during the checkout', 'checkout'],
  ])('that is cancelled %s leaves nothing behind', async (_, phase) => {
    const directory = served.place();
    const stop = new AbortController();
    const onProgress = (event: { phase: string }) => {
      if (event.phase === phase) stop.abort();
    };
    const cloning = served.clone(url, { directory }, { signal: stop.signal, onProgress });
    // The last event comes when nothing is left to do.
    const end = await cloning.then(
      () => 'done',
      (error: { code: string }) => error.code,
    );
    if (end === 'done') expect(phase).toBe('checkout');
    else {
      expect(end).toBe('CANCELLED');
      await expect(stat(directory)).rejects.toMatchObject({ code: 'ENOENT' });
    }
  });

  test.each([
    ['at once', 0],
    ['while it writes', 2000],
  ])('whose second thread is ended %s is whole, or fails and leaves no content behind', async (_, after) => {
    const directory = served.place();
    const threads: Worker[] = [];
    process.once('worker', (thread) => {
      threads.push(thread);
      if (after === 0) void thread.terminate();
    });
    const onProgress = ({ phase, done }: { phase: string; done: number }) => {
      if (phase === 'receive' && done >= after) void threads.pop()?.terminate();
    };
    const end = await served.clone(url, { directory }, { onProgress }).then(
      () => 'done',
      (error: Error) => error.message,
    );
    if (end === 'done') expect(await git(directory, 'status', '--porcelain')).toBe('');
    else {
      expect(end).toBe('The thread that writes files has ended.');
      // It could not tell whether the last file is its own. Such a file stays, and is empty.
      const left = await filesIn(directory);
      expect(left.length).toBeLessThanOrEqual(1);
      for (const file of left) expect((await stat(file)).size).toBe(0);
    }
  });

  test('beside other files is helped too, and takes back what it wrote when it fails', async () => {
    const directory = served.place();
    await mkdir(directory);
    await writeFile(join(directory, 'mine'), 'mine');
    let threads = 0;
    process.once('worker', () => threads++);
    const onProgress = ({ phase, done }: { phase: string; done: number }) => {
      if (phase === 'checkout' && done === count + 4) throw new Error('stop here');
    };
    await expect(served.clone(url, { directory }, { onProgress })).rejects.toThrow('stop here');
    expect(threads).toBe(1);
    expect(await readdir(directory)).toEqual(['mine']);
    await served.clone(url, { directory });
    expect(await git(directory, 'status', '--porcelain')).toBe('?? mine\n');
  });

  test('with a limit that they exceed leaves nothing behind', async () => {
    const directory = served.place();
    const cloning = served.clone(url, { directory }, { limits: { maxTreeDepth: 1 } });
    await expect(cloning).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    await expect(stat(directory)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('whose trees name each other again and again is refused, and leaves nothing behind', async () => {
    const { repository, url: bomb } = await served.create({ 'a/x': '1' });
    let tree = (await repository.git('rev-parse', 'main:a')).trim();
    for (let level = 0; level < 12; level++) {
      const lines = Array.from({ length: 10 }, (_each, row) => `040000 tree ${tree}\td${row}\n`).join('');
      const making = promisify(execFile)('git', ['-C', repository.path, 'mktree'], { env: gitEnvironment });
      making.child.stdin?.end(lines);
      tree = (await making).stdout.trim();
    }
    const commit = (await repository.git('commit-tree', tree, '-m', 'bomb')).trim();
    await repository.git('update-ref', 'refs/heads/main', commit);
    const directory = served.place();
    const cloning = served.clone(bomb, { directory }, { limits: { maxObjects: 2000 } });
    await expect(cloning).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    await expect(stat(directory)).rejects.toMatchObject({ code: 'ENOENT' });
    const inhabited = served.place();
    await mkdir(inhabited);
    await writeFile(join(inhabited, 'mine'), 'mine');
    const beside = served.clone(bomb, { directory: inhabited }, { limits: { maxObjects: 2000 } });
    await expect(beside).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    expect(await readdir(inhabited)).toEqual(['mine']);
  });
});
