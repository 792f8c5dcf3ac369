import type { LookupFunction } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createRemotePolicy, type RemoteOptions } from '../../../src/git/index.js';
import { type HttpProxy, startProxy } from '../../support/http-proxy.js';
import { useGitWorld } from '../../support/served-repository.js';

const world = useGitWorld();
const refusal = { code: 'REMOTE_NOT_ALLOWED', retryable: false };
let name: string;
let proxy: HttpProxy | null = null;

beforeAll(async () => {
  ({ name } = await world.create({ 'a.yml': 'id: a\n' }));
});
afterEach(async () => {
  await proxy?.close();
  proxy = null;
});

/** Every name is this machine, as somebody's own name server may claim. */
const everythingIsHere: LookupFunction = (_hostname, _options, callback) =>
  callback(null, [{ address: '127.0.0.1', family: 4 }]);

async function refsOf(
  url: string,
  allowedRemotes: string[] | undefined,
  { resolver, ...options }: Partial<RemoteOptions> & { resolver?: LookupFunction } = {},
): Promise<number> {
  const policy = createRemotePolicy({ allowedRemotes, resolver });
  return (await world.connect(url, options, { policy }).listRefs()).refs.size;
}

describe('a git engine with a policy', () => {
  test('refuses this machine by address before any request, unless it is listed', async () => {
    const requests: string[] = [];
    const server = await world.serve({ onRequest: ({ url }) => requests.push(url ?? '') });
    const url = `${server.url}/${name}`;
    await expect(refsOf(url, undefined)).rejects.toMatchObject(refusal);
    expect(requests).toEqual([]);
    expect(await refsOf(url, ['127.0.0.1'])).toBe(1);
    expect(await refsOf(url, ['127.0.0.0/8'])).toBe(1);
  });

  test('refuses a name that resolves to this machine, when it connects', async () => {
    const requests: string[] = [];
    const server = await world.serve({ onRequest: ({ url }) => requests.push(url ?? '') });
    const { port } = new URL(server.url);
    const url = `http://git.example:${port}/${name}`;
    const resolver = everythingIsHere;
    await expect(refsOf(url, undefined, { resolver })).rejects.toMatchObject({
      ...refusal,
      message: expect.stringContaining('resolves to'),
    });
    for (const scheme of ['http', 'https']) {
      const here = `${scheme}://localhost:${port}/${name}`;
      await expect(refsOf(here, undefined)).rejects.toMatchObject(refusal);
    }
    expect(requests).toEqual([]);
    expect(await refsOf(url, ['git.example'], { resolver })).toBe(1);
    expect(await refsOf(`http://localhost:${port}/${name}`, ['localhost'])).toBe(1);
  });

  test('connects to the very address it judged, though the name means another one by then', async () => {
    const server = await world.serve();
    let answers = 0;
    const rebinding: LookupFunction = (_hostname, _options, callback) => {
      answers += 1;
      // Where nothing listens first, where the server is ever after.
      callback(null, [{ address: answers === 1 ? '127.0.0.2' : '127.0.0.1', family: 4 }]);
    };
    const url = `http://git.example:${new URL(server.url).port}/${name}`;
    const failure = refsOf(url, ['127.0.0.2'], { resolver: rebinding, connectTimeoutMs: 300 });
    await expect(failure).rejects.toMatchObject({ code: expect.stringMatching(/TIMEOUT|NETWORK_ERROR/) });
    expect(answers).toBe(1);
  });

  test('refuses to follow a redirect to where it may not go', async () => {
    const inner: string[] = [];
    const target = await world.serve({ onRequest: ({ url }) => inner.push(url ?? '') });
    const { port } = new URL(target.url);
    const server = await world.serve({
      intercept: (request, response) => {
        const host = request.url?.startsWith('/by-name') ? 'inside.example' : '127.0.0.1';
        const path = request.url?.replace(/^\/[^/]+/, '');
        response.writeHead(302, { location: `http://${host}:${port}${path}` }).end();
        return true;
      },
    });
    const outer = `http://outer.example:${new URL(server.url).port}`;
    const resolver = everythingIsHere;
    for (const path of ['by-address', 'by-name']) {
      const url = `${outer}/${path}/${name}`;
      await expect(refsOf(url, ['outer.example'], { resolver })).rejects.toMatchObject(refusal);
      await expect(refsOf(url, ['outer.example', '*'], { resolver })).rejects.toMatchObject(refusal);
    }
    expect(inner).toEqual([]);
    expect(await refsOf(`${outer}/by-name/${name}`, ['outer.example', 'inside.example'], { resolver })).toBe(
      1,
    );
    expect(inner).not.toEqual([]);
  });

  test('asks a proxy on this machine, for what may be reached', async () => {
    const server = await world.serve();
    proxy = await startProxy();
    const options = { proxy: { http: proxy.url, https: proxy.url } };
    const url = `${server.url}/${name}`;
    await expect(refsOf(url, undefined, options)).rejects.toMatchObject(refusal);
    const named = `http://localhost:${new URL(server.url).port}/${name}`;
    await expect(refsOf(named, undefined, options)).rejects.toMatchObject(refusal);
    const tunnelled = named.replace('http:', 'https:');
    await expect(refsOf(tunnelled, undefined, options)).rejects.toMatchObject(refusal);
    expect(proxy.requests).toEqual([]);
    expect(await refsOf(named, ['localhost'], options)).toBe(1);
    expect(proxy.requests).not.toEqual([]);
  });

  test('refuses repositories of this machine’s file system, unless their directory is listed', async () => {
    const url = pathToFileURL(join(world.root, name)).href;
    await expect(async () => refsOf(url, undefined)).rejects.toMatchObject(refusal);
    expect(await refsOf(url, [pathToFileURL(world.root).href])).toBe(1);
  });

  test('takes no HTTP client that it could not govern', async () => {
    const http = { request: () => Promise.reject(new Error('asked')) };
    await expect(refsOf('https://git.example/a', undefined, { http })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    });
  });
});
