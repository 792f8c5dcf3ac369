import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createGit, type Git, type Snapshot } from '../../../src/git/index.js';
import type { Files } from '../../support/bare-repository.js';
import { useGitWorld } from '../../support/served-repository.js';
import { bytesDown, downloads } from './traffic.js';

const world = useGitWorld();
const tasks = Array.from({ length: 50 }, (_, number) => number);

function files(revision: number): Files {
  return Object.fromEntries(
    Array.from({ length: 40 }, (_, number) => [
      `flows/f${number}.yml`,
      `id: f${number}\nrevision: ${revision}\n`,
    ]),
  );
}

/** What a task does with a remote: everything read, then closed. */
async function syncOnce(git: Git, url: string, since: string | null, options = {}): Promise<number> {
  const remote = git.connect({ url, ...options });
  try {
    const contents = since === null ? 'all' : 'none';
    const snapshot = await remote.openSnapshot({ branch: 'main' }, { path: 'flows', contents });
    const entries = (await snapshot.list('flows')) ?? [];
    return (await snapshot.read(entries.map(({ oid }) => oid))).size;
  } finally {
    await remote.close();
  }
}

describe('fifty tasks of one process that sync the same repository at once', () => {
  test('transfer once what one transfers', async () => {
    const { name, repository } = await world.create(files(0));
    const server = await world.serve();
    const url = `${server.url}/${name}`;
    await syncOnce(createGit(), url, null);
    const alone = { requests: downloads(server), bytes: bytesDown(server) };
    server.requests.length = 0;

    const git = createGit();
    expect(await Promise.all(tasks.map(() => syncOnce(git, url, null)))).toEqual(tasks.map(() => 40));
    expect(downloads(server)).toBe(alone.requests);
    expect(server.requests).toHaveLength(50 + alone.requests);

    const tip = await repository.commit({ 'flows/f1.yml': 'changed', 'flows/f2.yml': 'changed too' });
    server.requests.length = 0;
    await Promise.all(tasks.map(() => syncOnce(git, url, tip)));
    // The way to the directory, the directory, and the contents.
    expect(downloads(server)).toBe(3);
  });
});

describe('a task that waits for another', () => {
  async function slowlyServed(onFetch: () => boolean) {
    const { name } = await world.create(files(0));
    const server = await world.serve({
      intercept: async ({ headers }, response) => {
        if (Number(headers['content-length']) < 115) return false;
        await delay(100);
        if (!onFetch()) return false;
        response.writeHead(500).end();
        return true;
      },
    });
    return { url: `${server.url}/${name}` };
  }

  async function openTwo(
    git: Git,
    url: string,
    options = {},
  ): Promise<{ first: Snapshot; second: Snapshot }> {
    const open = (own: object) =>
      git.connect({ url, ...own }).openSnapshot({ branch: 'main' }, { path: '', contents: 'all' });
    return { first: await open(options), second: await open({}) };
  }

  test('tries itself when that one fails', async () => {
    let failures = 0;
    const { url } = await slowlyServed(() => failures++ === 0);
    const { first, second } = await openTwo(createGit(), url);
    const results = await Promise.allSettled([first.list(''), second.list('')]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect(failures).toBeGreaterThan(1);
  });

  test('tries itself when that one is cancelled, and stops waiting when it is cancelled itself', async () => {
    const { url } = await slowlyServed(() => false);
    const git = createGit();
    const controller = new AbortController();
    const { first, second } = await openTwo(git, url, { signal: controller.signal });
    const leader = first.list('');
    const follower = second.list('');
    setTimeout(() => controller.abort(), 30);
    await expect(leader).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await follower).toHaveLength(40);

    const other = new AbortController();
    const fresh = createGit();
    const { first: waiting, second: leading } = await openTwo(fresh, url, { signal: other.signal });
    const led = leading.list('');
    const waited = waiting.list('');
    const from = performance.now();
    other.abort();
    await expect(waited).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(performance.now() - from).toBeLessThan(80);
    expect(await led).toHaveLength(40);
  });

  test('is not let in by another one’s credentials', async () => {
    const { name } = await world.create(files(0));
    const server = await world.serve({ auth: { username: 'ada', password: 'secret' } });
    const git = createGit();
    const url = `${server.url}/${name}`;
    const good = syncOnce(git, url, null, { username: 'ada', password: 'secret' });
    const bad = syncOnce(git, url, null, { username: 'ada', password: 'wrong' });
    await expect(bad).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    expect(await good).toBe(40);
    await expect(syncOnce(git, url, null)).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
  });
});

describe('a commit named by its id', () => {
  test('is asked of the remote even when it is at hand', async () => {
    const { name, repository } = await world.create(files(0));
    const tip = (await repository.tip()) ?? '';
    const server = await world.serve();
    const git = createGit();
    const remote = git.connect({ url: `${server.url}/${name}` });
    const whole = { path: '', contents: 'none' } as const;
    await (await remote.openSnapshot({ branch: 'main' }, whole)).list('');
    server.requests.length = 0;
    expect(await (await remote.openSnapshot({ commit: tip }, whole)).list('')).toHaveLength(40);
    expect(downloads(server)).toBe(1);
    expect(bytesDown(server)).toBeLessThan(400);

    await repository.git('update-ref', '-d', 'refs/heads/main');
    await repository.commit({ 'other.txt': 'other' });
    await repository.git('gc', '--prune=now', '--quiet');
    await expect(remote.openSnapshot({ commit: tip }, whole)).rejects.toMatchObject({
      code: 'REVISION_NOT_FOUND',
    });
  });
});
