import type { GitHttpRequest, GitHttpResponse, HttpClient } from 'isomorphic-git';
import http from 'isomorphic-git/http/node';
import { beforeAll, describe, expect, test } from 'vitest';
import { useGitWorld } from '../../support/served-repository.js';

const world = useGitWorld();
const whole = { path: '', contents: 'all' } as const;
let name: string;

beforeAll(async () => {
  ({ name } = await world.create({ 'a.yml': 'id: a\n' }));
});

function client(request: (asked: GitHttpRequest) => Promise<GitHttpResponse>): HttpClient {
  return { request };
}

describe('a caller’s own HTTP client', () => {
  test('serves the whole engine, as isomorphic-git’s own does', async () => {
    const auth = { username: 'ada', password: 'secret' };
    const server = await world.serve({ auth });
    const asked: GitHttpRequest[] = [];
    const remote = world.connect(`${server.url}/${name}`, {
      ...auth,
      http: client((request) => {
        asked.push(request);
        return http.request(request);
      }),
    });
    expect(await (await remote.openSnapshot({}, whole)).list('')).toHaveLength(1);
    const base = await remote.openForPush('main', { path: '', contents: 'none' });
    const author = { name: 'Ada', email: 'ada@example.org', timestamp: 1_700_000_000, timezoneOffset: 0 };
    const changes = [{ path: 'b.yml', content: Buffer.from('id: b\n') }];
    expect((await remote.push(base, { changes, message: 'b', author })).commit).toMatch(/^[\da-f]{40}$/);
    expect(new Set(asked.map(({ method }) => method))).toEqual(new Set(['GET', 'POST']));
  });

  test('that follows redirects by itself is followed', async () => {
    const target = await world.serve();
    const asked: string[] = [];
    const remote = world.connect(`http://old.example/${name}`, {
      http: client(async (request) => {
        asked.push(request.url);
        const url = request.url.replace('http://old.example', target.url);
        return { ...(await http.request({ ...request, url })), url };
      }),
    });
    await (await remote.openSnapshot({}, whole)).list('');
    expect(asked).toEqual([
      `http://old.example/${name}/git-upload-pack`,
      `${target.url}/${name}/git-upload-pack`,
    ]);
  });

  test('that fails is NETWORK_ERROR', async () => {
    const failing = client(async () => {
      throw Object.assign(new Error('no route'), { code: 'EHOSTUNREACH' });
    });
    await expect(world.connect('http://git.example/x', { http: failing }).listRefs()).rejects.toMatchObject({
      code: 'NETWORK_ERROR',
      message: 'git.example cannot be reached.',
    });
  });

  test('that never answers is READ_TIMEOUT or CANCELLED', async () => {
    const silent = client(() => new Promise(() => {}));
    const slow = world.connect('http://git.example/x', { http: silent, readTimeoutMs: 30 });
    await expect(slow.listRefs()).rejects.toMatchObject({ code: 'READ_TIMEOUT' });
    const controller = new AbortController();
    const cancelled = world.connect('http://git.example/x', { http: silent, signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    await expect(cancelled.listRefs()).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  test('that stops in the midst of an answer is READ_TIMEOUT', async () => {
    const stalling = client(async ({ url }) => ({
      url,
      statusCode: 200,
      statusMessage: 'OK',
      headers: { 'Content-Type': 'application/x-git-upload-pack-result' },
      body: (async function* () {
        yield Buffer.from('00');
        await new Promise(() => {});
      })(),
    }));
    const remote = world.connect('http://git.example/x', { http: stalling, readTimeoutMs: 30 });
    await expect(remote.listRefs()).rejects.toMatchObject({ code: 'READ_TIMEOUT' });
  });
});
