import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  createGit,
  type Git,
  type GitEntry,
  type RemoteOptions,
  type Snapshot,
} from '../../../src/git/index.js';
import type { GitServer } from '../../../src/testing/index.js';
import type { BareRepository, Files } from '../../support/bare-repository.js';
import { useGitWorld } from '../../support/served-repository.js';
import { bytesDown, downloads, speakingV0 } from './traffic.js';

const world = useGitWorld();
const directories = 20;

/** Files that do not compress into each other. */
function flow(number: number, revision = 0): string {
  const noise = Array.from({ length: 6 }, (_, line) => Math.sin(number * 31 + line + revision * 7));
  return `id: flow-${number}\nrevision: ${revision}\n${noise.join('\n')}\n`;
}

function pathOf(number: number): string {
  return `flows/d${number % directories}/flow-${number}.yml`;
}

let files: Files;
let name: string;
let repository: BareRepository;
let git: Git;
let cacheDir: string | undefined;
let server: GitServer;

beforeEach(async () => {
  files = { 'README.md': 'read me', 'other/big.bin': flow(1).repeat(50) };
  for (let number = 0; number < 600; number++) files[pathOf(number)] = flow(number);
  ({ name, repository } = await world.create(files));
  git = createGit();
  server = await world.serve();
});

function open(
  path: string,
  contents: 'all' | 'none',
  options: Partial<RemoteOptions> = {},
): Promise<Snapshot> {
  const remote = git.connect({ url: `${server.url}/${name}`, cacheDir, ...options });
  return remote.openSnapshot({ branch: 'main' }, { path, contents });
}

async function listed(snapshot: Snapshot, path: string): Promise<GitEntry[]> {
  return (await snapshot.list(path)) ?? [];
}

/** What git itself lists below a path. */
async function listedByGit(path: string, commit = 'main'): Promise<string[]> {
  const tree = await repository.git(
    'ls-tree',
    '-r',
    '-z',
    '--full-tree',
    commit,
    '--',
    ...(path === '' ? [] : [path]),
  );
  return tree
    .split('\0')
    .filter(Boolean)
    .map((line) => line.replace(/ \w+ /, ' '));
}

function asGitLists(entries: readonly GitEntry[]): string[] {
  return entries.map(({ mode, oid, path }) => `${mode} ${oid}\t${path}`);
}

async function changeTen(revision: number): Promise<string> {
  const files: Files = {};
  for (let number = 0; number < 10; number++) files[pathOf(number * 3)] = flow(number * 3, revision);
  return repository.commit(files);
}

describe.each([
  { where: 'in memory', withMirror: false },
  { where: 'on disk', withMirror: true },
])('a later snapshot, with what is known $where,', ({ withMirror }) => {
  beforeEach(() => {
    cacheDir = withMirror ? join(world.root, randomUUID()) : undefined;
  });

  /** Another process with the same directory; without one, there is only this engine. */
  function restart(): void {
    if (withMirror) git = createGit();
  }

  test('transfers the trees that changed, and the contents that are read', async () => {
    const first = await open('', 'all');
    await first.list('');
    const cold = bytesDown(server);
    await changeTen(1);
    server.requests.length = 0;
    restart();

    const second = await open('', 'none');
    const changes = (await second.changedSince?.(first.commit, '')) ?? [];
    expect(downloads(server)).toBe(1);
    const contents = await second.read(changes.flatMap(({ after }) => after?.oid ?? []));
    expect(changes.map(({ path }) => path).sort()).toEqual(
      Array.from({ length: 10 }, (_, number) => pathOf(number * 3)).sort(),
    );
    expect([...contents.values()].map((content) => Buffer.from(content).toString()).sort()).toEqual(
      Array.from({ length: 10 }, (_, number) => flow(number * 3, 1)).sort(),
    );
    // A mirror that has the contents of before gets the small ones of now with the trees.
    const expected = withMirror ? 1 : 2;
    expect(downloads(server)).toBe(expected);
    expect(bytesDown(server)).toBeLessThan(cold / 15);
    expect(asGitLists(await listed(second, ''))).toEqual(await listedByGit(''));
    expect(downloads(server)).toBe(expected);
  });

  test('of the same commit transfers nothing', async () => {
    await (await open('', 'none')).list('');
    server.requests.length = 0;
    restart();
    const second = await open('flows', 'none');
    expect(asGitLists(await listed(second, 'flows'))).toEqual(await listedByGit('flows'));
    expect(server.requests).toHaveLength(1);
  });

  test('of a directory that did not change transfers the way to it', async () => {
    await (await open('flows', 'none')).list('flows');
    const tip = await repository.commit({ 'README.md': 'changed' });
    server.requests.length = 0;
    restart();
    const second = await open('flows', 'none');
    expect(asGitLists(await listed(second, 'flows'))).toEqual(await listedByGit('flows'));
    expect(second.commit).toBe(tip);
    expect(downloads(server)).toBe(1);
    expect(bytesDown(server)).toBeLessThan(900);
  });

  test.each(['flows', 'flows/d3'])('of %s, changed, transfers trees of its own only', async (path) => {
    const first = await open(path, 'none');
    await first.list(path);
    await changeTen(1);
    server.requests.length = 0;
    restart();
    const second = await open(path, 'none');
    const changes = await second.changedSince?.(first.commit, path);
    expect(changes).toHaveLength(path === 'flows' ? 10 : 1);
    // The commit, each level below its tree, and the directory.
    const expected = path === 'flows' ? 2 : 3;
    expect(downloads(server)).toBe(expected);
    expect(asGitLists(await listed(second, path))).toEqual(await listedByGit(path));
    expect(downloads(server)).toBe(expected);
  });

  test('of a deep directory transfers nothing of those beside the way, at first and later', async () => {
    const beside: Files = {};
    for (let number = 0; number < 300; number++) {
      beside[`teams/t${number}/flows/prod/eu/a.yml`] = flow(number);
      beside[`teams/t0/flows/other-${number}/eu/a.yml`] = flow(number);
    }
    await repository.commit(beside);
    const path = 'teams/t0/flows/prod';
    const runs: number[] = [];
    const run = async () => {
      server.requests.length = 0;
      restart();
      const snapshot = await open(path, 'none');
      expect(asGitLists(await listed(snapshot, path))).toEqual(await listedByGit(path));
      runs.push(bytesDown(server));
    };
    await run();
    // The ids of 300 directories, twice.
    expect(runs[0]).toBeLessThan(2 * 300 * 28);
    await repository.commit({ 'teams/t1/flows/prod/eu/a.yml': 'changed' });
    await run();
    expect(runs[1]).toBeLessThan(300 * 28);
    await repository.commit({ 'other/far.yml': 'changed' });
    await run();
    expect(runs[2]).toBeLessThan(1000);
    await repository.commit({ [`${path}/eu/a.yml`]: 'changed' });
    await run();
    expect(runs[3]).toBeLessThan(2 * 300 * 28);
  });

  test.each(['', 'flows'])(
    'of "%s" after a merge of an old branch brings nothing of before',
    async (path) => {
      for (let revision = 1; revision < 30; revision++) await changeTen(revision);
      await repository.commit({ 'flows/d1/feature.yml': 'feature' }, { branch: 'feature', from: 'main' });
      for (let revision = 30; revision < 40; revision++) await changeTen(revision);
      await (await open(path, 'none')).list(path);
      const tree = await repository.git('merge-tree', '--write-tree', 'main', 'feature');
      const merge = await repository.git(
        'commit-tree',
        tree.trim(),
        '-p',
        'main',
        '-p',
        'feature',
        '-m',
        'merge',
      );
      await repository.git('update-ref', 'refs/heads/main', merge.trim());
      server.requests.length = 0;
      restart();
      const second = await open(path, 'none');
      expect(asGitLists(await listed(second, path))).toEqual(await listedByGit(path));
      expect(downloads(server)).toBe(path === '' ? 1 : 2);
      // One of the contents of before has 100 bytes; the trees of a small directory come whole.
      expect(bytesDown(server)).toBeLessThan(path === '' ? 2000 : 2500);
    },
  );

  test('of a directory that changed, like others, more than once brings what differs below it', async () => {
    const first = await open('flows', 'all');
    await first.list('flows');
    for (let revision = 1; revision < 4; revision++) {
      await changeTen(revision);
      await repository.commit({ [`other/${revision}.yml`]: flow(revision).repeat(20) });
    }
    server.requests.length = 0;
    restart();
    const second = await open('flows', 'none');
    expect(await second.changedSince?.(first.commit, 'flows')).toHaveLength(10);
    expect(downloads(server)).toBe(2);
    // Ten trees of thirty files each, and where the contents were known, ten contents.
    expect(bytesDown(server)).toBeLessThan(withMirror ? 16_000 : 14_000);
    expect(asGitLists(await listed(second, 'flows'))).toEqual(await listedByGit('flows'));
    expect(downloads(server)).toBe(2);
  });

  test('of the next commit has what only older ones had, and nothing else of them', async () => {
    for (let revision = 1; revision < 20; revision++) await changeTen(revision);
    const first = await open('flows', 'all');
    await first.list('flows');
    await changeTen(4);
    server.requests.length = 0;
    restart();
    const second = await open('flows', 'none');
    expect(asGitLists(await listed(second, 'flows'))).toEqual(await listedByGit('flows'));
    const changes = (await second.changedSince?.(first.commit, 'flows')) ?? [];
    const contents = await second.read(changes.flatMap(({ after }) => after?.oid ?? []));
    expect([...contents.values()].map((content) => Buffer.from(content).toString()).sort()).toEqual(
      Array.from({ length: 10 }, (_, number) => flow(number * 3, 4)).sort(),
    );
    expect(downloads(server)).toBe(withMirror ? 2 : 3);
    expect(bytesDown(server)).toBeLessThan(5000);
  });

  test.each([
    ['still knows what was there', false],
    ['has collected what was there', true],
  ])('after the branch was rewritten is right where the server %s', async (_what, collected) => {
    const first = await open('', 'none');
    await first.list('');
    const cold = bytesDown(server);
    await repository.git('update-ref', '-d', 'refs/heads/main');
    const files: Files = { 'new.txt': 'new' };
    for (let number = 0; number < 600; number += 2) files[pathOf(number)] = flow(number, 9);
    await repository.commit(files);
    if (collected) await collect();
    server.requests.length = 0;
    restart();
    const second = await open('', 'none');
    expect(asGitLists(await listed(second, ''))).toEqual(await listedByGit(''));
    expect(downloads(server)).toBe(1);
    expect(bytesDown(server)).toBeLessThan(cold * 1.5);
    expect(await second.changedSince?.(first.commit, '')).toHaveLength(603);
  });

  /** Drops what no branch reaches. */
  async function collect(): Promise<void> {
    await repository.git('reflog', 'expire', '--expire=now', '--all');
    await repository.git('gc', '--prune=now', '--quiet');
  }

  /** Changes files of one directory only. */
  async function changeDirectory(revision: number): Promise<string> {
    return repository.commit({ [pathOf(3)]: flow(3, revision), [pathOf(23)]: flow(23, revision) });
  }

  test.each([
    ['still has', () => Promise.resolve()],
    ['has lost', collect],
  ])('of a directory brings no others where a rewritten branch %s what was known', async (_what, clear) => {
    await (await open('flows/d3', 'all')).list('flows/d3');
    const cold = bytesDown(server);
    await repository.git('update-ref', '-d', 'refs/heads/main');
    await repository.commit({ ...files, [pathOf(3)]: flow(3, 1) });
    await clear();
    server.requests.length = 0;
    restart();
    const last = await open('flows/d3', 'none');
    expect(asGitLists(await listed(last, 'flows/d3'))).toEqual(await listedByGit('flows/d3'));
    expect(bytesDown(server)).toBeLessThan(cold * 1.2);
  });

  test('of a directory brings no others where the server keeps the newest commit only', async () => {
    await (await open('flows/d3', 'all')).list('flows/d3');
    const cold = bytesDown(server);
    for (let revision = 1; revision < 4; revision++) {
      const tip = await changeDirectory(revision);
      await writeFile(join(repository.path, 'shallow'), `${tip}\n`);
      await collect();
      server.requests.length = 0;
      restart();
      const next = await open('flows/d3', 'none');
      expect(asGitLists(await listed(next, 'flows/d3'))).toEqual(await listedByGit('flows/d3'));
      expect(bytesDown(server)).toBeLessThan(cold * 1.2);
    }
  });

  test('builds once upon a commit that is known for several directories', async () => {
    server = await world.serve({ intercept: speakingV0 });
    for (const path of ['flows/d3', 'flows']) await (await open(path, 'none')).list(path);
    await changeDirectory(1);
    restart();
    const next = await open('flows/d3', 'none');
    expect(asGitLists(await listed(next, 'flows/d3'))).toEqual(await listedByGit('flows/d3'));
  });

  test.each([
    ['speaks protocol v0', { intercept: speakingV0 }],
    ['has no filters', { config: { 'uploadpack.allowFilter': 'false' } }],
    [
      'speaks protocol v0 without filters',
      { intercept: speakingV0, config: { 'uploadpack.allowFilter': 'false' } },
    ],
    ['caps the depth of filters', { config: { 'uploadpackfilter.tree.maxDepth': '0' } }],
  ])('is right where the server %s', async (_what, options) => {
    server = await world.serve(options);
    for (const path of ['', 'flows', 'flows/d3']) {
      git = createGit();
      if (withMirror) cacheDir = join(world.root, randomUUID());
      server.requests.length = 0;
      const first = await open(path, 'all');
      await first.list(path);
      const cold = bytesDown(server);
      const before = await listedByGit(path);
      await changeTen(path.length + 1);
      restart();
      server.requests.length = 0;
      const second = await open(path, 'none');
      const after = await listedByGit(path);
      expect(asGitLists(await listed(second, path))).toEqual(after);
      // In memory, contents are not kept.
      if (withMirror) expect(bytesDown(server)).toBeLessThan(cold / 2);
      const changes = (await second.changedSince?.(first.commit, path)) ?? [];
      expect(changes).toHaveLength(after.filter((line) => !before.includes(line)).length);
      const oids = changes.flatMap((change) => change.after?.oid ?? []);
      expect((await second.read(oids)).size).toBe(oids.length);
    }
  });

  test('brings no content of a base that the server has lost', async () => {
    await (await open('flows', 'all')).list('flows');
    const cold = bytesDown(server);
    server.requests.length = 0;
    const tree = (await repository.git('rev-parse', 'main^{tree}')).trim();
    const orphan = (await repository.git('commit-tree', tree, '-m', 'squashed')).trim();
    await repository.git('update-ref', 'refs/heads/main', orphan);
    await repository.commit({ [pathOf(1)]: 'changed\n' });
    await repository.git('reflog', 'expire', '--expire=now', '--all');
    await repository.git('gc', '--quiet', '--prune=now');
    restart();
    const next = await open('flows', 'none');
    expect(asGitLists(await listed(next, 'flows'))).toEqual(await listedByGit('flows'));
    expect(bytesDown(server)).toBeLessThan(cold / 3);
  });

  test('serves two branches in turn with what differs', async () => {
    await changeTen(1);
    await repository.commit({ 'dev.txt': 'dev' }, { branch: 'dev', from: 'main' });
    const url = `${server.url}/${name}`;
    const openBranch = (branch: string) =>
      git.connect({ url, cacheDir }).openSnapshot({ branch }, { path: '', contents: 'none' });
    for (const branch of ['main', 'dev']) await (await openBranch(branch)).list('');
    server.requests.length = 0;
    restart();
    await repository.commit({ 'a.txt': 'a' });
    await repository.commit({ 'b.txt': 'b' }, { branch: 'dev' });
    for (const branch of ['main', 'dev']) {
      expect(asGitLists(await listed(await openBranch(branch), ''))).toEqual(await listedByGit('', branch));
    }
    expect(bytesDown(server)).toBeLessThan(1500);
  });
});

describe('what changed since', () => {
  test('an unknown commit, or of a directory that is gone, is not told', async () => {
    const first = await open('flows/d3', 'none');
    await first.list('flows/d3');
    const gone: Files = {};
    for (let number = 3; number < 600; number += directories) gone[pathOf(number)] = null;
    await repository.commit(gone);
    const second = await open('flows/d3', 'none');
    expect(await second.changedSince?.(first.commit, 'flows/d3')).toBeNull();
    expect(await second.changedSince?.('0'.repeat(40), 'flows')).toBeNull();
    expect(await second.list('flows/d3')).toBeNull();
  });

  test('names files, links and modes on both sides, in the order of a listing', async () => {
    const first = await open('', 'none');
    await first.list('');
    await repository.commit({
      'README.md': { executable: 'read me' },
      'flows.txt': 'between',
      'flows/d1/flow-1.yml': null,
      'flows/d2/flow-2.yml': { link: 'flow-22.yml' },
      'flows/d3': null,
      'other/big.bin': null,
      'other/big.bin/now/a/directory.txt': 'x',
    });
    const second = await open('', 'none');
    const changes = (await second.changedSince?.(first.commit, '')) ?? [];
    const before = new Map((await listed(first, '')).map((entry) => [entry.path, entry]));
    const after = new Map((await listed(second, '')).map((entry) => [entry.path, entry]));
    const paths = [...new Set([...before.keys(), ...after.keys()])].filter((path) => {
      const [a, b] = [before.get(path), after.get(path)];
      return a?.oid !== b?.oid || a?.mode !== b?.mode;
    });
    expect(changes).toEqual(
      paths
        .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        .map((path) => ({ path, before: before.get(path) ?? null, after: after.get(path) ?? null })),
    );
    expect(changes.length).toBeGreaterThan(30);
  });
});
