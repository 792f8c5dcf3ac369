import { beforeAll, describe, expect, test } from 'vitest';
import type { Snapshot } from '../../../src/git/index.js';
import { hashBlob } from '../../../src/git/objects/hash.js';
import type { BareRepository } from '../../support/bare-repository.js';
import { useGitWorld } from '../../support/served-repository.js';

const world = useGitWorld();
const unrelated = Buffer.alloc(200_000, 0).map((_, at) => (at * 2_654_435_761) >> 13);

let name: string;
let repository: BareRepository;
let first: string;
let tip: string;

beforeAll(async () => {
  ({ name, repository } = await world.create({
    'README.md': 'read me',
    '_flows/a.yml': 'id: a\n',
    '_flows/team/b.yml': 'id: b\n',
    'deep/er/est/c.yml': 'id: c\n',
    'deep/er/unrelated.bin': unrelated,
  }));
  first = (await repository.tip()) ?? '';
  await repository.git('tag', '-a', '-m', 'first release', 'v1.0.0', 'main');
  await repository.commit({
    '_flows/a.yml': 'id: a\nrevised: true\n',
    '_flows/run.sh': { executable: '#!/bin/sh\n' },
    '_flows/link.yml': { link: 'a.yml' },
  });
  tip = (await repository.tip()) ?? '';
  await repository.git('tag', 'v1.1.0', 'main');
  await repository.git('tag', '-a', '-m', 'not yet', 'v2.0.0-rc.1', 'main');
  await repository.git('tag', 'nightly', 'main');
  await repository.commit({ 'other.txt': 'other' }, { branch: 'feature/x', from: 'main' });
});

async function contents(snapshot: Snapshot, path: string): Promise<Record<string, string> | null> {
  const entries = await snapshot.list(path);
  if (entries === null) return null;
  const blobs = await snapshot.read(entries.map(({ oid }) => oid));
  return Object.fromEntries(
    entries.map((entry) => [entry.path, Buffer.from(blobs.get(entry.oid) ?? []).toString()]),
  );
}

describe('a snapshot', () => {
  test('of the whole tip takes two requests and holds every file', async () => {
    const server = await world.serve();
    const remote = world.connect(`${server.url}/${name}`);
    const snapshot = await remote.openSnapshot({ branch: 'main' }, { path: '', contents: 'all' });

    expect(server.requests).toHaveLength(1);
    expect(snapshot).toMatchObject({ commit: tip, revision: 'main' });
    expect(await snapshot.describe()).toEqual({
      author: { name: 'Ada', email: 'ada@example.org', timestamp: 1_700_000_000 },
      message: 'test',
    });
    expect(await snapshot.list('')).toEqual([
      { path: 'README.md', oid: hashBlob(Buffer.from('read me')), mode: '100644' },
      { path: '_flows/a.yml', oid: hashBlob(Buffer.from('id: a\nrevised: true\n')), mode: '100644' },
      { path: '_flows/link.yml', oid: hashBlob(Buffer.from('a.yml')), mode: '120000' },
      { path: '_flows/run.sh', oid: hashBlob(Buffer.from('#!/bin/sh\n')), mode: '100755' },
      { path: '_flows/team/b.yml', oid: hashBlob(Buffer.from('id: b\n')), mode: '100644' },
      { path: 'deep/er/est/c.yml', oid: hashBlob(Buffer.from('id: c\n')), mode: '100644' },
      { path: 'deep/er/unrelated.bin', oid: hashBlob(unrelated), mode: '100644' },
    ]);
    const entries = (await snapshot.list('')) ?? [];
    const blobs = await snapshot.read(entries.map(({ oid }) => oid));
    expect(Buffer.compare(blobs.get(hashBlob(unrelated)) ?? Buffer.alloc(0), unrelated)).toBe(0);
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `POST /${name}/git-upload-pack`,
      `POST /${name}/git-upload-pack`,
    ]);
  });

  test('of a directory transfers that directory only', async () => {
    const server = await world.serve();
    const remote = world.connect(`${server.url}/${name}`);
    const snapshot = await remote.openSnapshot({ branch: 'main' }, { path: '_flows', contents: 'all' });

    expect(await contents(snapshot, '_flows')).toEqual({
      '_flows/a.yml': 'id: a\nrevised: true\n',
      '_flows/link.yml': 'a.yml',
      '_flows/run.sh': '#!/bin/sh\n',
      '_flows/team/b.yml': 'id: b\n',
    });
    expect(await contents(snapshot, '_flows/team')).toEqual({ '_flows/team/b.yml': 'id: b\n' });
    expect(server.requests).toHaveLength(3);
    expect(server.requests.reduce((sum, { bytesOut }) => sum + bytesOut, 0)).toBeLessThan(2000);
  });

  test('of a deep directory does not transfer the files beside it', async () => {
    const server = await world.serve();
    const remote = world.connect(`${server.url}/${name}`);
    const snapshot = await remote.openSnapshot({ branch: 'main' }, { path: 'deep/er/est', contents: 'all' });

    expect(await contents(snapshot, 'deep/er/est')).toEqual({ 'deep/er/est/c.yml': 'id: c\n' });
    // Refs, the commit with its tree, a tree a level, and what is wanted.
    expect(server.requests).toHaveLength(5);
    expect(server.requests.reduce((sum, { bytesOut }) => sum + bytesOut, 0)).toBeLessThan(2000);
  });

  test('without contents brings those that are read, in one request', async () => {
    const server = await world.serve();
    for (const [path, requests] of [
      ['', 2],
      ['_flows', 3],
    ] as const) {
      const before = server.requests.length;
      const remote = world.connect(`${server.url}/${name}`);
      const snapshot = await remote.openSnapshot({ branch: 'main' }, { path, contents: 'none' });
      const entries = (await snapshot.list('_flows')) ?? [];
      expect(server.requests.length - before).toBe(requests);
      const wanted = entries
        .filter(({ path: entryPath }) => entryPath.endsWith('.yml'))
        .map(({ oid }) => oid);
      expect((await snapshot.read(wanted)).size).toBe(3);
      expect((await snapshot.read(wanted)).size).toBe(3);
      expect(server.requests.length - before).toBe(requests + 1);
    }
  });

  test('answers reads at the same time from one request', async () => {
    const server = await world.serve();
    const remote = world.connect(`${server.url}/${name}`);
    const snapshot = await remote.openSnapshot({ branch: 'main' }, { path: '_flows', contents: 'none' });
    const oids = ((await snapshot.list('_flows')) ?? []).map(({ oid }) => oid);
    const before = server.requests.length;
    const [one, two] = await Promise.all([snapshot.read(oids), snapshot.read(oids), snapshot.list('_flows')]);
    expect(one).toEqual(two);
    expect(server.requests.length - before).toBe(1);
  });

  test('reaches beyond its path when it is asked to', async () => {
    const server = await world.serve();
    const remote = world.connect(`${server.url}/${name}`);
    const snapshot = await remote.openSnapshot({ branch: 'main' }, { path: '_flows', contents: 'all' });
    expect(Object.keys((await contents(snapshot, '')) ?? {})).toHaveLength(7);
    expect(Object.keys((await contents(snapshot, 'deep')) ?? {})).toHaveLength(2);
  });

  test('lists null where nothing is', async () => {
    const server = await world.serve();
    const remote = world.connect(`${server.url}/${name}`);
    for (const path of ['missing', 'missing/too', '_flows/missing']) {
      const snapshot = await remote.openSnapshot({ branch: 'main' }, { path, contents: 'all' });
      expect(await snapshot.list(path)).toBeNull();
    }
  });

  test('refuses to list a file as a directory, and a directory as a path that git would not have', async () => {
    const server = await world.serve();
    const remote = world.connect(`${server.url}/${name}`);
    const snapshot = await remote.openSnapshot({ branch: 'main' }, { path: '_flows/a.yml', contents: 'all' });
    await expect(snapshot.list('_flows/a.yml')).rejects.toMatchObject({ code: 'DIRECTORY_NOT_FOUND' });
    await expect(snapshot.list('_flows/link.yml/x')).rejects.toMatchObject({ code: 'DIRECTORY_NOT_FOUND' });
    for (const path of ['../x', '/etc', 'a//b', '.git', 'a/.GIT/b']) {
      await expect(snapshot.list(path)).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
      await expect(remote.openSnapshot({}, { path, contents: 'all' })).rejects.toMatchObject({
        code: 'UNSAFE_PATH',
      });
    }
  });

  test('does not invent contents that the remote does not have', async () => {
    const server = await world.serve();
    const remote = world.connect(`${server.url}/${name}`);
    const snapshot = await remote.openSnapshot({ branch: 'main' }, { path: '', contents: 'all' });
    await expect(snapshot.read(['a'.repeat(40)])).rejects.toMatchObject({ code: 'REMOTE_ERROR' });
    await expect(snapshot.read([tip])).rejects.toMatchObject({ code: 'REMOTE_ERROR' });
  });
});

describe('a revision', () => {
  const whole = { path: '', contents: 'none' } as const;

  test.each([
    ['the default branch', {}, 'main'],
    ['a branch', { branch: 'main' }, 'main'],
    ['a full ref name', { branch: 'refs/heads/main' }, 'main'],
    ['a light tag', { tag: 'v1.1.0' }, 'v1.1.0'],
    ['an annotated tag', { tag: 'v2.0.0-rc.1' }, 'v2.0.0-rc.1'],
    ['a range of versions', { semver: '^1.0.0' }, 'v1.1.0'],
    ['a range with versions to come', { semver: '>=2.0.0-rc' }, 'v2.0.0-rc.1'],
  ])('may be %s', async (_what, revision, shown) => {
    const server = await world.serve();
    const snapshot = await world.connect(`${server.url}/${name}`).openSnapshot(revision, whole);
    expect(snapshot).toMatchObject({ commit: tip, revision: shown });
  });

  test('may be a commit, in full or in short, at a tip or in the history', async () => {
    const server = await world.serve();
    const remote = world.connect(`${server.url}/${name}`);
    for (const commit of [tip, tip.toUpperCase(), tip.slice(0, 7), first, first.slice(0, 7)]) {
      const snapshot = await remote.openSnapshot({ commit }, whole);
      expect(snapshot.commit.startsWith(commit.toLowerCase())).toBe(true);
      expect(snapshot.revision).toBe(snapshot.commit);
    }
    const tag = (await repository.git('rev-parse', 'v1.0.0')).trim();
    expect((await remote.openSnapshot({ commit: tag }, whole)).commit).toBe(first);
  });

  test('that is missing is told, with the branches that exist', async () => {
    const server = await world.serve();
    const remote = world.connect(`${server.url}/${name}`);
    await expect(remote.openSnapshot({ branch: 'release' }, whole)).rejects.toMatchObject({
      code: 'BRANCH_NOT_FOUND',
      message: `Branch "release" not found on ${server.url}/${name}.`,
      hint: expect.stringContaining('feature/x, main'),
      data: { branch: 'release', branches: ['feature/x', 'main'] },
    });
    const missing = [{ tag: 'v9' }, { semver: '^9.0.0' }, { commit: 'abcdef1' }, { commit: 'f'.repeat(40) }];
    for (const revision of missing) {
      await expect(remote.openSnapshot(revision, whole)).rejects.toMatchObject({
        code: 'REVISION_NOT_FOUND',
      });
    }
  });

  test('that names a tree is refused', async () => {
    const server = await world.serve();
    const remote = world.connect(`${server.url}/${name}`);
    const tree = (await repository.git('rev-parse', 'main^{tree}')).trim();
    await expect(remote.openSnapshot({ commit: tree }, whole)).rejects.toMatchObject({
      code: 'REVISION_NOT_FOUND',
    });
  });

  test('that makes no sense is refused before any request', async () => {
    const server = await world.serve();
    const remote = world.connect(`${server.url}/${name}`);
    for (const revision of [
      { branch: 'main', tag: 'v1' },
      { commit: 'main' },
      { commit: 'abc' },
      { semver: 'latest!' },
    ]) {
      await expect(remote.openSnapshot(revision, whole)).rejects.toMatchObject({
        code: 'INVALID_PROPERTIES',
      });
    }
    expect(server.requests).toEqual([]);
  });

  test('of a repository with many branches does not list them', async () => {
    const crowded = await world.create({ a: 'a' });
    for (let branch = 0; branch < 21; branch++) await crowded.repository.git('branch', `b${branch}`, 'main');
    const server = await world.serve();
    const remote = world.connect(`${server.url}/${crowded.name}`);
    await expect(remote.openSnapshot({ branch: 'b' }, whole)).rejects.toMatchObject({
      code: 'BRANCH_NOT_FOUND',
      hint: expect.stringContaining('22 other branches'),
      data: { branches: null },
    });
  });

  test('of a repository without commits is not found', async () => {
    const empty = await world.create();
    const server = await world.serve();
    const remote = world.connect(`${server.url}/${empty.name}`);
    expect(await remote.listRefs()).toEqual({ head: null, refs: new Map(), peeled: new Map() });
    await expect(remote.openSnapshot({}, whole)).rejects.toMatchObject({ code: 'BRANCH_NOT_FOUND' });
    await expect(remote.openSnapshot({ branch: 'main' }, whole)).rejects.toMatchObject({
      code: 'BRANCH_NOT_FOUND',
      hint: expect.stringContaining('no commits'),
    });
  });
});

describe('the list of refs', () => {
  test('holds all of them, tags peeled, and the default branch', async () => {
    const server = await world.serve();
    const remote = world.connect(`${server.url}/${name}`);
    const refs = await remote.listRefs();
    expect(refs.head).toEqual({ ref: 'refs/heads/main', oid: tip });
    expect([...refs.refs.keys()]).toEqual([
      'refs/heads/feature/x',
      'refs/heads/main',
      'refs/tags/nightly',
      'refs/tags/v1.0.0',
      'refs/tags/v1.1.0',
      'refs/tags/v2.0.0-rc.1',
    ]);
    expect(refs.peeled).toEqual(
      new Map([
        ['refs/tags/v1.0.0', first],
        ['refs/tags/v2.0.0-rc.1', tip],
      ]),
    );
  });

  test('may be narrowed', async () => {
    const server = await world.serve();
    const refs = await world.connect(`${server.url}/${name}`).listRefs(['refs/heads/f']);
    expect([...refs.refs.keys()]).toEqual(['refs/heads/feature/x']);
    expect(refs.head?.ref).toBe('refs/heads/main');
  });
});
