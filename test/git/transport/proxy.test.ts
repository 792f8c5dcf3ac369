import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { proxyFor } from '../../../src/git/transport/http/proxy.js';
import { type Certificates, makeCertificates } from '../../support/certificates.js';
import { type HttpProxy, startProxy } from '../../support/http-proxy.js';
import { useGitWorld } from '../../support/served-repository.js';

const world = useGitWorld();
const proxies: HttpProxy[] = [];
let name: string;
let certificates: Certificates;

beforeAll(async () => {
  ({ name } = await world.create({ 'a.yml': 'id: a\n' }));
  certificates = await makeCertificates(await mkdtemp(join(world.root, 'tls-')));
});
afterEach(async () => {
  for (const proxy of proxies.splice(0)) await proxy.close();
});

async function startedProxy(options: Parameters<typeof startProxy>[0] = {}): Promise<HttpProxy> {
  const proxy = await startProxy(options);
  proxies.push(proxy);
  return proxy;
}

describe('a proxy', () => {
  test('for http is asked with whole URLs, and with its own credentials only', async () => {
    const proxy = await startedProxy();
    const seen: (string | undefined)[] = [];
    const server = await world.serve({
      auth: { username: 'ada', password: 'secret' },
      onRequest: ({ headers }) => seen.push(headers.authorization),
    });
    const remote = world.connect(`${server.url}/${name}`, {
      username: 'ada',
      password: 'secret',
      proxy: { http: proxy.url.replace('//', '//me:p%40ss@') },
    });
    const snapshot = await remote.openSnapshot({}, { path: '', contents: 'all' });
    expect(await snapshot.list('')).toHaveLength(1);
    const asked = `${server.url}/${name}/git-upload-pack`;
    expect(proxy.requests).toEqual([asked, asked]);
    const expected = `Basic ${Buffer.from('me:p@ss').toString('base64')}`;
    expect(proxy.authorizations).toEqual([expected, expected]);
    expect(seen).toEqual(Array(2).fill(`Basic ${Buffer.from('ada:secret').toString('base64')}`));
  });

  test('for https gives one tunnel, through which it sees nothing', async () => {
    const proxy = await startedProxy();
    const server = await world.serve({ https: certificates.server });
    const remote = world.connect(`${server.url}/${name}`, {
      trustedCaPemPath: certificates.caPath,
      proxy: { https: proxy.url.replace('//', '//me:pass@'), http: 'http://127.0.0.1:1' },
    });
    const snapshot = await remote.openSnapshot({}, { path: '', contents: 'all' });
    expect(await snapshot.list('')).toHaveLength(1);
    expect(proxy.requests).toEqual([`CONNECT 127.0.0.1:${server.port}`]);
    expect(proxy.authorizations).toEqual([`Basic ${Buffer.from('me:pass').toString('base64')}`]);
  });

  test('does not replace the check of certificates', async () => {
    const proxy = await startedProxy();
    const server = await world.serve({ https: certificates.server });
    const remote = world.connect(`${server.url}/${name}`, { proxy: { https: proxy.url } });
    await expect(remote.listRefs()).rejects.toMatchObject({ code: 'TLS_VERIFICATION_FAILED' });
  });

  test('that refuses is told, in its words', async () => {
    const unauthorized = await startedProxy({ refuse: 407 });
    const forbidding = await startedProxy({ refuse: 502 });
    const plain = `http://127.0.0.1:1/${name}`;
    const secure = `https://127.0.0.1:1/${name}`;
    for (const url of [plain, secure]) {
      const refused = { http: unauthorized.url, https: unauthorized.url };
      await expect(world.connect(url, { proxy: refused }).listRefs()).rejects.toMatchObject({
        code: 'AUTHENTICATION_FAILED',
        message: expect.stringContaining('refused by proxy'),
      });
      const broken = { http: forbidding.url, https: forbidding.url };
      await expect(world.connect(url, { proxy: broken }).listRefs()).rejects.toMatchObject({
        code: 'REMOTE_ERROR',
        retryable: true,
      });
    }
  });

  test('that is not there is NETWORK_ERROR', async () => {
    const dead = { http: 'http://127.0.0.1:1', https: 'http://127.0.0.1:1' };
    for (const scheme of ['http', 'https']) {
      const remote = world.connect(`${scheme}://127.0.0.1:2/${name}`, { proxy: dead });
      await expect(remote.listRefs()).rejects.toMatchObject({ code: 'NETWORK_ERROR' });
    }
  });

  test('that is excluded is not used', async () => {
    const server = await world.serve();
    const proxy = { http: 'http://127.0.0.1:1', noProxy: 'example.com,127.0.0.1' };
    expect((await world.connect(`${server.url}/${name}`, { proxy }).listRefs()).refs.size).toBe(1);
  });
});

describe('the choice of a proxy', () => {
  const settings = { http: 'plain.example:3128', https: 'http://secure.example:3129' };
  const choose = (url: string, noProxy = '') =>
    proxyFor(new URL(url), { ...settings, noProxy })?.href ?? null;

  test('goes by the scheme, and needs none in the setting', () => {
    expect(choose('http://git.example.com/x')).toBe('http://plain.example:3128/');
    expect(choose('https://git.example.com/x')).toBe('http://secure.example:3129/');
    expect(proxyFor(new URL('https://x/'), { http: settings.http })).toBeNull();
    expect(proxyFor(new URL('https://x/'), undefined)).toBeNull();
  });

  test('is refused when the setting is none, without showing it', () => {
    for (const https of ['socks5://u:secret@host', 'http://u:secret@:x']) {
      expect(() => proxyFor(new URL('https://x/'), { https })).toThrow(
        expect.objectContaining({
          code: 'INVALID_PROPERTIES',
          message: expect.not.stringContaining('secret'),
        }),
      );
    }
  });

  test.each([
    ['*', 'https://anything/'],
    ['example.com', 'https://example.com/'],
    ['example.com', 'https://git.example.com/'],
    ['.example.com', 'https://git.example.com/'],
    ['*.example.com', 'https://git.example.com/'],
    ['EXAMPLE.com', 'https://Git.Example.COM/'],
    ['other, example.com other2', 'https://example.com/'],
    ['example.com:443', 'https://example.com/'],
    ['example.com:8443', 'https://example.com:8443/'],
    ['10.0.0.0/8', 'https://10.1.2.3/'],
    ['10.1.2.3', 'https://10.1.2.3/'],
    ['::1', 'https://[::1]/'],
    ['[::1]:8443', 'https://[::1]:8443/'],
    ['fd00::/8', 'https://[fd12::1]/'],
  ])('%j excludes %s', (noProxy, url) => {
    expect(choose(url, noProxy)).toBeNull();
  });

  test.each([
    ['', 'https://example.com/'],
    ['example.com', 'https://notexample.com/'],
    ['example.com', 'https://example.com.evil.org/'],
    ['example.com:8443', 'https://example.com/'],
    ['10.0.0.0/8', 'https://11.1.2.3/'],
    ['10.0.0.0/99', 'https://10.1.2.3/'],
    ['10.0.0.0/8', 'https://example.com/'],
    ['0.1.2.3', 'https://10.1.2.3/'],
    ['.', 'https://example.com/'],
  ])('%j does not exclude %s', (noProxy, url) => {
    expect(choose(url, noProxy)).not.toBeNull();
  });
});
