import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Certificates, makeCertificates } from '../../support/certificates.js';
import { useGitWorld } from '../../support/served-repository.js';

const world = useGitWorld();
let name: string;
let certificates: Certificates;

beforeAll(async () => {
  ({ name } = await world.create({ 'a.yml': 'id: a\n' }));
  certificates = await makeCertificates(await mkdtemp(join(world.root, 'tls-')));
});

describe('a server with a certificate of a private authority', () => {
  test('is trusted by the remote that names the authority, and by no other', async () => {
    const server = await world.serve({ https: certificates.server });
    const trusting = world.connect(`${server.url}/${name}`, { trustedCaPemPath: certificates.caPath });
    expect((await trusting.listRefs()).refs.size).toBe(1);
    const strict = world.connect(`${server.url}/${name}`);
    await expect(strict.listRefs()).rejects.toMatchObject({
      code: 'TLS_VERIFICATION_FAILED',
      retryable: false,
      hint: expect.stringContaining('trustedCaPemPath'),
    });
    expect((await trusting.listRefs()).refs.size).toBe(1);
  });

  test('is refused when the certificate is another host’s', async () => {
    const server = await world.serve({ https: certificates.elsewhere });
    const remote = world.connect(`${server.url}/${name}`, { trustedCaPemPath: certificates.caPath });
    await expect(remote.listRefs()).rejects.toMatchObject({
      code: 'TLS_VERIFICATION_FAILED',
      data: { reason: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    });
  });

  test('does not lead to plain http by a redirect', async () => {
    const plain = await world.serve();
    const server = await world.serve({
      https: certificates.server,
      intercept: ({ url = '' }, response) => {
        response.writeHead(302, { Location: `${plain.url}${url}` });
        response.end();
        return true;
      },
    });
    const remote = world.connect(`${server.url}/${name}`, {
      trustedCaPemPath: certificates.caPath,
      password: 'token',
    });
    await expect(remote.listRefs()).rejects.toMatchObject({
      code: 'REMOTE_ERROR',
      retryable: false,
      message: expect.stringContaining('plain http'),
    });
    expect(plain.requests).toEqual([]);
  });
});

test('https to a port that speaks plain http is TLS_VERIFICATION_FAILED', async () => {
  const server = await world.serve();
  const remote = world.connect(`${server.url}/${name}`.replace('http:', 'https:'));
  await expect(remote.listRefs()).rejects.toMatchObject({ code: 'TLS_VERIFICATION_FAILED' });
});

test('a file without certificates is a wrong property, told by its path', async () => {
  const server = await world.serve({ https: certificates.server });
  const nothing = join(world.root, 'nothing.pem');
  await writeFile(
    join(world.root, 'rubbish.pem'),
    '-----BEGIN CERTIFICATE-----\nrubbish\n-----END CERTIFICATE-----\n',
  );
  for (const trustedCaPemPath of [nothing, join(world.root, 'rubbish.pem')]) {
    await expect(
      world.connect(`${server.url}/${name}`, { trustedCaPemPath }).listRefs(),
    ).rejects.toMatchObject({
      code: 'INVALID_PROPERTIES',
      message: expect.stringContaining(trustedCaPemPath),
    });
  }
});
