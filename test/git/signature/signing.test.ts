import { generateKeyPairSync } from 'node:crypto';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PushFlows } from '../../../tasks/push-flows.js';
import { hasGpg, hasSshKeygen, KeyRing } from '../../support/signing.js';
import { createWorld, fill, flowSource, type World } from '../../support/world.js';

const ring = new KeyRing();
afterAll(() => ring.remove());

let world: World;
beforeEach(async () => {
  world = await createWorld({ files: { 'README.md': 'x' } });
  await fill(world.storage, { 'dev/a': flowSource('dev', 'a') });
});
afterEach(() => world.close());

const push = (signingKey: string, signingKeyPassphrase?: string) =>
  new PushFlows({
    url: world.url,
    sourceNamespace: 'dev',
    authorName: 'Ada',
    authorEmail: 'ada@example.org',
    commitMessage: 'Flows\n\nwith a body',
    signingKey,
    signingKeyPassphrase,
  }).run(world.context);

describe.runIf(hasSshKeygen)('a commit that is signed with an SSH key', () => {
  const encrypted = ['-N', 'open sesame'];
  it.each<[string, string[]]>([
    ['ed25519', ['-t', 'ed25519']],
    ['ed25519, encrypted', ['-t', 'ed25519', ...encrypted]],
    ['ed25519, encrypted with AES-GCM', ['-t', 'ed25519', ...encrypted, '-Z', 'aes256-gcm@openssh.com']],
    ['RSA', ['-t', 'rsa', '-b', '2048']],
    ['RSA, encrypted with AES-CBC', ['-t', 'rsa', '-b', '3072', ...encrypted, '-Z', 'aes128-cbc']],
    ['RSA in PEM', ['-t', 'rsa', '-b', '2048', '-m', 'PEM']],
    ['RSA in PEM, encrypted', ['-t', 'rsa', '-b', '2048', '-m', 'PEM', ...encrypted]],
    ['RSA in PKCS #8, encrypted', ['-t', 'rsa', '-b', '2048', '-m', 'PKCS8', ...encrypted]],
    ['ECDSA on P-256', ['-t', 'ecdsa', '-b', '256']],
    ['ECDSA on P-384, encrypted', ['-t', 'ecdsa', '-b', '384', ...encrypted]],
    ['ECDSA on P-521', ['-t', 'ecdsa', '-b', '521']],
    ['ECDSA in PEM', ['-t', 'ecdsa', '-b', '256', '-m', 'PEM']],
  ])('is good to git: %s', async (_, args) => {
    const key = ring.ssh(...args);
    const { commitId } = await push(key.private, args.includes('-N') ? 'open sesame' : undefined);
    const verdict = await ring.gitVerifies(world.repository, 'commit', commitId ?? '', [key]);
    expect(verdict).toMatch(/Good "git" signature for ada@example.org/);
    await world.repository.fsck();
  });

  it('is good a hundred times, also when a number in it happens to be short', async () => {
    const { openSigner } = await import('../../../src/git/index.js');
    const { verifyObject } = await import('../../../src/git/signature/verify-object.js');
    const { readTrustedKeys } = await import('../../../src/git/signature/trusted-keys.js');
    const { addCommitSignature } = await import('../../../src/git/objects/encode-commit.js');
    const key = ring.ssh('-t', 'ecdsa', '-b', '521');
    const trusted = readTrustedKeys([key.public]);
    const sign = await openSigner(key.private);
    for (let count = 0; count < 100; count++) {
      const content = Buffer.from(`tree ${'0'.repeat(40)}\n\n${count}\n`);
      const data = addCommitSignature(content, await sign(content));
      await verifyObject({ type: 'commit', oid: '', data, title: 'It' }, trusted);
    }
  });
});

describe.runIf(hasGpg)('a commit that is signed with an OpenPGP key', () => {
  it.each<[string, string, string | undefined]>([
    ['ed25519', 'ed25519', undefined],
    ['ed25519, encrypted', 'ed25519', 'open sesame'],
    ['RSA, encrypted', 'rsa3072', 'open sesame'],
    ['ECDSA on P-256', 'nistp256', undefined],
  ])('is good to gpg: %s', async (_, algorithm, passphrase) => {
    const key = await ring.pgp(algorithm, passphrase === undefined ? {} : { passphrase });
    const { commitId } = await push(key.private, passphrase);
    const verdict = await ring.gitVerifies(world.repository, 'commit', commitId ?? '');
    expect(verdict).toContain(`Good signature from "${key.name}"`);
    await world.repository.fsck();
  });

  it('is refused with a key that has expired', async () => {
    const { generateKey } = await import('openpgp');
    const { privateKey } = await generateKey({
      userIDs: { name: 'Ada' },
      date: new Date('2020-01-01'),
      keyExpirationTime: 60,
    });
    await expect(push(privateKey)).rejects.toMatchObject({
      code: 'INVALID_PROPERTIES',
      message: expect.stringContaining('cannot sign'),
    });
  });
});

describe('a signing key that cannot be used', () => {
  const refusedEarly = async (pushed: Promise<unknown>) => {
    const requests = world.server.requests.length;
    await expect(pushed).rejects.toMatchObject({ code: 'INVALID_PROPERTIES' });
    expect(world.server.requests).toHaveLength(requests);
    return pushed.then(
      () => null,
      (error: { message: string; hint: string }) => error,
    );
  };

  it.runIf(hasSshKeygen)(
    'says that the passphrase is missing or wrong, before anything is asked for',
    async () => {
      for (const more of [[], ['-Z', 'aes256-gcm@openssh.com'], ['-m', 'PEM']]) {
        const key = ring.ssh('-t', 'rsa', '-b', '2048', '-N', 'open sesame', ...more);
        expect((await refusedEarly(push(key.private)))?.hint).toBe('Set "signingKeyPassphrase".');
        expect((await refusedEarly(push(key.private, 'wrong')))?.message).toMatch(/does not open/);
      }
    },
  );

  it.runIf(hasSshKeygen)('says that an SSH key is damaged, cut off or none', async () => {
    const { private: key, public: other } = ring.ssh('-t', 'ed25519');
    const lines = key.split('\n');
    const damaged = [
      'no key at all',
      other,
      [...lines.slice(0, 3), ...lines.slice(-2)].join('\n'),
      key.replace(/END.*/s, ''),
      lines.map((line, index) => (index === 2 ? `AAAA${line.slice(4)}` : line)).join('\n'),
    ];
    for (const text of damaged) expect((await refusedEarly(push(text)))?.message).toMatch(/damaged/);
  });

  it('refuses RSA keys that are too short, and kinds that do not sign', async () => {
    const pem = { format: 'pem', type: 'pkcs8' } as const;
    const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export(pem).toString();
    expect((await refusedEarly(push(short)))?.message).toMatch(/at least 2048 bits/);
    const exchange = generateKeyPairSync('x25519').privateKey.export(pem).toString();
    expect((await refusedEarly(push(exchange)))?.message).toMatch(/unknown kind/);
  });

  it('says that an OpenPGP key is damaged or stays closed', async () => {
    const { generateKey } = await import('openpgp');
    const { privateKey } = await generateKey({ userIDs: { name: 'Ada' }, passphrase: 'open sesame' });
    expect((await refusedEarly(push(privateKey)))?.hint).toBe('Set "signingKeyPassphrase".');
    expect((await refusedEarly(push(privateKey, 'wrong')))?.message).toMatch(/does not open/);
    expect((await refusedEarly(push(privateKey.slice(0, 200))))?.message).toMatch(/damaged/);
  });

  it('is seen on a dry run too, and never shown', async () => {
    const secret = 'something that is no key but must not be seen';
    const dry = new PushFlows({ url: world.url, sourceNamespace: 'dev', dryRun: true, signingKey: secret });
    const error = await dry.run(world.context).then(
      () => null,
      (failure: Error) => failure,
    );
    expect(error).toMatchObject({ code: 'INVALID_PROPERTIES' });
    expect(`${error?.message}${world.logs.join()}`).not.toContain(secret);
    expect(world.context.redactor.redact(`a ${secret} b`)).toBe('a ****** b');
  });
});
