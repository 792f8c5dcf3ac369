import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Snapshot } from '../../../src/git/index.js';
import { encodePacket } from '../../../src/git/protocol/pkt-line.js';
import type { BareRepository } from '../../support/bare-repository.js';
import { runGit } from '../../support/grown-repository.js';
import { useGitWorld } from '../../support/served-repository.js';

const world = useGitWorld();
const files = { 'README.md': 'read me', '_flows/a.yml': 'id: a\n', '_flows/team/deep/b.yml': 'id: b\n' };

let name: string;
let repository: BareRepository;
let first: string;
let tip: string;

beforeAll(async () => {
  ({ name, repository } = await world.create({ old: 'old' }));
  first = (await repository.tip()) ?? '';
  tip = await repository.commit({ ...files, old: null });
  await repository.git('tag', '-a', '-m', 'release', 'v1.0.0', 'main');
});

/** Answers in another protocol version than the one that is asked for. */
const speaking = (version: 0 | 1) => (request: IncomingMessage) => {
  if (version === 0) delete request.headers['git-protocol'];
  else request.headers['git-protocol'] = 'version=1';
  return false;
};

async function contents(snapshot: Snapshot, path: string): Promise<Record<string, string>> {
  const entries = (await snapshot.list(path)) ?? [];
  const blobs = await snapshot.read(entries.map(({ oid }) => oid));
  return Object.fromEntries(
    entries.map((entry) => [entry.path, Buffer.from(blobs.get(entry.oid) ?? []).toString()]),
  );
}

/** Every way of opening the repository gives the same files as anywhere else. */
async function expectEverything(url: string): Promise<void> {
  for (const wanted of ['all', 'none'] as const) {
    const whole = await world.connect(url).openSnapshot({ branch: 'main' }, { path: '', contents: wanted });
    expect(await contents(whole, '')).toEqual(files);
    for (const path of ['_flows', '_flows/team/deep']) {
      const scoped = await world.connect(url).openSnapshot({ branch: 'main' }, { path, contents: wanted });
      const below = Object.entries(files).filter(([file]) => file.startsWith(`${path}/`));
      expect(await contents(scoped, path)).toEqual(Object.fromEntries(below));
      expect(await contents(scoped, '')).toEqual(files);
      expect(await scoped.list('missing')).toBeNull();
    }
  }
}

describe('a server that', () => {
  test.each([0, 1] as const)('speaks protocol v%i only serves the same files', async (version) => {
    const server = await world.serve({ intercept: speaking(version) });
    const remote = world.connect(`${server.url}/${name}`);
    expect(await remote.listRefs()).toEqual({
      head: { ref: 'refs/heads/main', oid: tip },
      refs: new Map([
        ['refs/heads/main', tip],
        ['refs/tags/v1.0.0', (await repository.git('rev-parse', 'v1.0.0')).trim()],
      ]),
      peeled: new Map([['refs/tags/v1.0.0', tip]]),
    });
    expect((await remote.listRefs(['refs/tags/'])).refs.size).toBe(1);
    await expectEverything(`${server.url}/${name}`);
    expect((await remote.openSnapshot({ semver: '1' }, { path: '', contents: 'all' })).commit).toBe(tip);
  });

  test.each([0, 1] as const)('speaks protocol v%i only, without filters or a side band', async (version) => {
    const server = await world.serve({
      intercept: speaking(version),
      config: { 'uploadpack.allowFilter': 'false' },
    });
    await expectEverything(`${server.url}/${name}`);
  });

  test('speaks protocol v0 only tells an empty repository from a broken one', async () => {
    const empty = await world.create();
    const server = await world.serve({ intercept: speaking(0) });
    const remote = world.connect(`${server.url}/${empty.name}`);
    expect(await remote.listRefs()).toEqual({ head: null, refs: new Map(), peeled: new Map() });
  });

  test('speaks protocol v0 only refuses commits that no branch leads to, which is told', async () => {
    const server = await world.serve({ intercept: speaking(0) });
    const remote = world.connect(`${server.url}/${name}`);
    const dangling = (await runGit(repository.path, ['commit-tree', '-m', 'lost', 'main^{tree}']))
      .toString()
      .trim();
    await expect(
      remote.openSnapshot({ commit: dangling }, { path: '', contents: 'all' }),
    ).rejects.toMatchObject({
      code: 'REVISION_NOT_FOUND',
    });
    const found = await remote.openSnapshot({ commit: tip.slice(0, 8) }, { path: '', contents: 'all' });
    expect(found.commit).toBe(tip);
  });

  test('has no filters serves the same files, and cannot search for a short id', async () => {
    const server = await world.serve({ config: { 'uploadpack.allowFilter': 'false' } });
    const remote = world.connect(`${server.url}/${name}`);
    await expectEverything(`${server.url}/${name}`);
    const short = { commit: first.slice(0, 8) };
    await expect(remote.openSnapshot(short, { path: '', contents: 'all' })).rejects.toMatchObject({
      code: 'REVISION_NOT_FOUND',
      hint: 'Write all 40 digits of it.',
    });
  });

  test('caps the depth of filters goes level by level', async () => {
    const server = await world.serve({ config: { 'uploadpackfilter.tree.maxDepth': '0' } });
    await expectEverything(`${server.url}/${name}`);
  });

  test('filters neither blobs nor trees serves the same files', async () => {
    const server = await world.serve({ config: { 'uploadpackfilter.allow': 'false' } });
    await expectEverything(`${server.url}/${name}`);
  });

  test('refuses trees by id serves the whole tip', async () => {
    let requests = 0;
    const server = await world.serve({
      intercept: (_request, response) => {
        requests++;
        return requests === 3 && refuse(response, encodePacket('ERR upload-pack: not our ref'));
      },
    });
    const remote = world.connect(`${server.url}/${name}`);
    const snapshot = await remote.openSnapshot({ branch: 'main' }, { path: '_flows', contents: 'all' });
    expect(await contents(snapshot, '')).toEqual(files);
  });

  test('refuses everything is shown in its own words', async () => {
    const server = await world.serve({
      intercept: ({ method }, response) =>
        method === 'POST' && refuse(response, encodePacket('ERR the repository is being repaired')),
    });
    const remote = world.connect(`${server.url}/${name}`);
    await expect(remote.openSnapshot({}, { path: '', contents: 'all' })).rejects.toMatchObject({
      code: 'REMOTE_ERROR',
      message: 'The remote says: the repository is being repaired',
    });
  });

  test('holds SHA-256 ids is refused clearly', async () => {
    const path = join(world.root, 'sha256.git');
    await runGit(world.root, ['init', '--quiet', '--bare', '--object-format=sha256', '-b', 'main', path]);
    const tree = (await runGit(path, ['hash-object', '-t', 'tree', '-w', '--stdin'])).toString().trim();
    const commit = (await runGit(path, ['commit-tree', '-m', 'first', tree])).toString().trim();
    await runGit(path, ['update-ref', 'refs/heads/main', commit]);
    for (const intercept of [() => false, speaking(0)]) {
      const server = await world.serve({ intercept });
      const remote = world.connect(`${server.url}/sha256.git`);
      await expect(remote.listRefs()).rejects.toMatchObject({
        code: 'UNSUPPORTED',
        message: expect.stringContaining('sha256'),
      });
    }
  });
});

function refuse(response: ServerResponse, packet: Uint8Array): boolean {
  response.writeHead(200, { 'Content-Type': 'application/x-git-upload-pack-result' });
  response.end(packet);
  return true;
}
