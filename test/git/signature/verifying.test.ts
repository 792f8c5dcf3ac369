import { createHash, generateKeyPairSync, sign as rawSign } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { openSigner } from '../../../src/git/index.js';
import { addCommitSignature } from '../../../src/git/objects/encode-commit.js';
import { sshBlobOf } from '../../../src/git/signature/ssh-public-key.js';
import { SshReader, sshString } from '../../../src/git/signature/ssh-wire.js';
import { createRunContext } from '../../../src/runtime/create-context.js';
import { createMemoryStorage } from '../../../src/storage/memory.js';
import { Clone } from '../../../tasks/clone.js';
import { SyncFlows } from '../../../tasks/sync-flows.js';
import { hasGpg, hasSshKeygen, KeyRing, readObject, writeObject } from '../../support/signing.js';
import { contents, createWorld, flowSource, type World } from '../../support/world.js';

const ring = new KeyRing();
afterAll(() => ring.remove());

/** Keys that need no program. */
function makeKey(): { private: string; public: string; blob: Buffer } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const blob = sshBlobOf(publicKey);
  return {
    private: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    public: `ssh-ed25519 ${blob.toString('base64')} ada@example.org`,
    blob,
  };
}
const ada = makeKey();
const eve = makeKey();

let world: World;
beforeEach(async () => {
  const files = Object.fromEntries(
    Array.from({ length: 100 }, (_, index) => [`_flows/f${index}.yml`, flowSource('team', `f${index}`)]),
  );
  world = await createWorld({ files });
  onTestFinished(() => world.close());
});

const sync = (keys: string | string[], more: object = {}) =>
  new SyncFlows({ url: world.url, targetNamespace: 'team', verify: { keys, ...more } }).run(world.context);

/** Points the branch at the same commit with what `change` makes of its bytes. */
async function rewriteTip(change: (commit: Buffer) => Buffer | Promise<Buffer>): Promise<string> {
  const commit = readObject(world.repository, 'commit', 'main');
  const oid = writeObject(world.repository, 'commit', await change(commit));
  await world.repository.git('update-ref', 'refs/heads/main', oid);
  return oid;
}

async function signed(commit: Buffer, key = ada): Promise<Buffer> {
  return addCommitSignature(commit, await (await openSigner(key.private))(commit));
}

/** An annotated tag of the tip, signed with a key. */
async function tag(name: string, { inside = name, key = ada, change = (text: string) => text } = {}) {
  const tip = await world.repository.tip();
  const payload = `object ${tip}\ntype commit\ntag ${inside}\ntagger Ada <ada@example.org> 1700000000 +0000\n\nrelease\n`;
  const armour = await (await openSigner(key.private))(Buffer.from(payload));
  const oid = writeObject(world.repository, 'tag', Buffer.from(change(`${payload}${armour}`)));
  await world.repository.git('update-ref', `refs/tags/${name}`, oid);
}

/** Nothing was written, and nothing was fetched beyond the commit or the tag. */
async function refused(run: Promise<unknown>, reason: string, message: RegExp): Promise<void> {
  const before = world.server.requests.length;
  await expect(run).rejects.toMatchObject({
    code: 'SIGNATURE_VERIFICATION_FAILED',
    message: expect.stringMatching(message),
    hint: expect.stringMatching(/./),
    retryable: false,
    data: { reason },
  });
  const requests = world.server.requests.slice(before);
  expect(requests).toHaveLength(2);
  // The trees and flows alone are many times as long.
  expect(requests.reduce((sum, { bytesOut }) => sum + bytesOut, 0)).toBeLessThan(2500);
  expect(await contents(world.storage)).toEqual({});
  const states = await world.storage.list({ kind: 'state', namespace: '', children: true });
  // That the run failed is remembered, and nothing else.
  expect(states.map(({ key }) => key.id)).toEqual([expect.stringMatching(/\.runs$/)]);
}

describe('a sync that verifies the commit', () => {
  it('takes one that a listed key signed, of several keys in one text', async () => {
    await rewriteTip(signed);
    const text = `# who may sign\n${eve.public}\n\n${ada.public}\n`;
    expect((await sync(text)).summary.added).toBe(100);
  });

  it('refuses one that is not signed', async () => {
    await refused(sync(ada.public), 'UNSIGNED', /Commit [0-9a-f]{10} \(main\) of .* is not signed/);
  });

  it('refuses one that another key signed, and shows which', async () => {
    await rewriteTip((commit) => signed(commit, eve));
    const digest = createHash('sha256').update(eve.blob).digest('base64').slice(0, 43);
    await refused(sync([ada.public]), 'UNKNOWN_KEY', new RegExp(`SHA256:${digest.replaceAll('+', '\\+')}`));
  });

  it.each<[string, (commit: Buffer) => Buffer]>([
    ['message', (commit) => Buffer.from(`${commit}more`)],
    ['author', (commit) => Buffer.from(commit.toString().replace('author Ada', 'author Eve'))],
    ['line ends', (commit) => Buffer.from(`${commit}\r\n`)],
    ['encoding', (commit) => Buffer.from(commit.toString().replace('\n\n', '\nencoding latin1\n\n'))],
  ])('refuses one whose %s was changed after it was signed', async (_, change) => {
    await rewriteTip(async (commit) => change(await signed(commit)));
    await refused(sync(ada.public), 'BAD_SIGNATURE', /does not belong to its content/);
  });

  it('refuses one whose tree was swapped after it was signed', async () => {
    const tree = (await world.repository.git('rev-parse', 'main:_flows')).trim();
    await rewriteTip(async (commit) =>
      Buffer.from((await signed(commit)).toString().replace(/tree \w+/, `tree ${tree}`)),
    );
    await refused(sync(ada.public), 'BAD_SIGNATURE', /does not belong to its content/);
  });

  it('refuses a commit that carries the signature of another one', async () => {
    const other = Buffer.from('tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n\nharmless\n');
    const armour = await (await openSigner(ada.private))(other);
    await rewriteTip((commit) => addCommitSignature(commit, armour));
    await refused(sync(ada.public), 'BAD_SIGNATURE', /does not belong/);
  });

  it.each<[string, (commit: Buffer) => Buffer]>([
    ['a second signature behind it', (commit) => addCommitSignature(commit, 'again')],
    [
      'a second signature before it',
      (commit) => Buffer.from(commit.toString().replace('gpgsig ', 'gpgsig first\n x\ngpgsig ')),
    ],
    [
      'a signature for other object ids',
      (commit) => Buffer.from(commit.toString().replace('gpgsig ', 'gpgsig-sha256 x\n y\ngpgsig ')),
    ],
    [
      'only a signature for other object ids',
      (commit) => Buffer.from(commit.toString().replace('gpgsig ', 'gpgsig-sha256 ')),
    ],
  ])('refuses one with %s', async (_, change) => {
    await rewriteTip(async (commit) => change(await signed(commit)));
    await refused(sync(ada.public), 'MALFORMED', /which nobody signed/);
  });

  it.each<[string, (commit: string) => string]>([
    ['cut off', (commit) => commit.replace(/\n -----END SSH SIGNATURE-----/, '')],
    ['shortened', (commit) => commit.replace(/(SIGNATURE-----\n .{30}).*/, '$1')],
    ['followed by text', (commit) => commit.replace('-----END SSH SIGNATURE-----', '$&\n more')],
    ['none that is known', (commit) => commit.replaceAll('SSH SIGNATURE', 'SIGNED MESSAGE')],
    ['empty', (commit) => commit.replace(/gpgsig (.*\n )+.*/, 'gpgsig ')],
  ])('refuses one whose signature is %s', async (_, change) => {
    await rewriteTip(async (commit) => Buffer.from(change((await signed(commit)).toString())));
    await refused(sync(ada.public), 'MALFORMED', /is refused/);
  });

  it.each([
    ['namespace', 'file', 'sha512', 'BAD_SIGNATURE', /made for "file", not for git/],
    ['hash', 'git', 'sha1', 'MALFORMED', /damaged/],
  ])('refuses a signature with another %s', async (_, namespace, hash, reason, message) => {
    await rewriteTip((commit) => addCommitSignature(commit, sshSignature(commit, namespace, hash)));
    await refused(sync(ada.public), reason, message);
  });

  it('does not take what the wrong key signed for the one it names', async () => {
    await rewriteTip(async (commit) => {
      const armour = await (await openSigner(eve.private))(commit);
      const body = Buffer.from(armour.split('\n').slice(1, -2).join(''), 'base64');
      const swapped = Buffer.from(
        body.toString('latin1').replace(eve.blob.toString('latin1'), ada.blob.toString('latin1')),
        'latin1',
      );
      return addCommitSignature(commit, armoured(swapped));
    });
    await refused(sync(ada.public), 'BAD_SIGNATURE', /does not belong/);
  });

  it('takes the signature of a security token when its user was there, and not otherwise', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const x = new SshReader(sshBlobOf(publicKey).subarray(15)).string();
    const type = 'sk-ssh-ed25519@openssh.com';
    const blob = Buffer.concat([type, x, 'ssh:'].map(sshString));
    const digest = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest();
    const tokenSigned = (flags: number) => (commit: Buffer) => {
      const data = dataFor(commit, 'git', 'sha512');
      const [flag, counter] = [Buffer.from([flags]), Buffer.from([0, 0, 0, 7])];
      const value = rawSign(null, Buffer.concat([digest('ssh:'), flag, counter, digest(data)]), privateKey);
      const raw = Buffer.concat([sshString(type), sshString(value), flag, counter]);
      return addCommitSignature(commit, armoured(packed(blob, 'git', 'sha512', raw)));
    };
    const key = `${type} ${blob.toString('base64')}`;
    const unsigned = readObject(world.repository, 'commit', 'main');
    await rewriteTip(() => tokenSigned(0)(unsigned));
    await refused(sync(key), 'BAD_SIGNATURE', /does not belong/);
    await rewriteTip(() => tokenSigned(1)(unsigned));
    expect((await sync(key)).summary.added).toBe(100);
  });

  it('asks one request when nothing changed, and looks again when the keys are others', async () => {
    await rewriteTip(signed);
    await sync([ada.public]);
    const before = world.server.requests.length;
    expect((await sync([ada.public])).summary.unchanged).toBe(100);
    expect(world.server.requests).toHaveLength(before + 1);
    await expect(sync([eve.public])).rejects.toMatchObject({ code: 'SIGNATURE_VERIFICATION_FAILED' });
    expect((await sync([eve.public, ada.public])).summary.unchanged).toBe(100);
  });

  it('looks at a commit that a sync without verification brought', async () => {
    await new SyncFlows({ url: world.url, targetNamespace: 'team' }).run(world.context);
    await expect(sync([ada.public])).rejects.toMatchObject({ code: 'SIGNATURE_VERIFICATION_FAILED' });
  });

  it('refuses an unsigned commit on top of a signed one, and leaves storage as it is', async () => {
    await rewriteTip(signed);
    await sync([ada.public]);
    const stored = await contents(world.storage);
    const before = world.server.requests.length;
    await world.repository.commit({ '_flows/f1.yml': flowSource('team', 'f1', '# changed\n') });
    await expect(sync([ada.public])).rejects.toMatchObject({ data: { reason: 'UNSIGNED' } });
    expect(world.server.requests).toHaveLength(before + 2);
    expect(await contents(world.storage)).toEqual(stored);
    await rewriteTip(signed);
    expect((await sync([ada.public])).summary).toMatchObject({ updated: 1, unchanged: 99 });
  });

  it('checks a commit that a mirror has, and asks nothing more for one that is good', async () => {
    const network = { cacheDir: join(world.directory, 'cache') };
    const fresh = (verify?: { keys: string }) => {
      const storage = createMemoryStorage();
      const context = createRunContext({ storage, network, identity: world.context.identity });
      return new SyncFlows({ url: world.url, targetNamespace: 'team', verify }).run(context);
    };
    await fresh();
    const unsigned = world.server.requests.length;
    await expect(fresh({ keys: ada.public })).rejects.toMatchObject({ data: { reason: 'UNSIGNED' } });
    expect(world.server.requests).toHaveLength(unsigned + 1);
    await rewriteTip(signed);
    await fresh();
    const known = world.server.requests.length;
    expect((await fresh({ keys: ada.public })).summary.added).toBe(100);
    expect(world.server.requests).toHaveLength(known + 1);
  });

  it('has no keys but those that the expressions give, and says what is none, before any request', async () => {
    const bad = async (keys: string | string[], message: RegExp) =>
      expect(sync(keys)).rejects.toMatchObject({
        code: 'INVALID_PROPERTIES',
        message: expect.stringMatching(message),
      });
    await bad([], /no key in it/);
    await bad('', /no key in it/);
    await bad('# nobody\n', /no key in it/);
    await bad([ada.public, 'ssh-ed25519 AAAA'], /verify.keys\[1\]" is no public key/);
    await bad(`ssh-rsa ${ada.public.split(' ')[1]}`, /type is not the one in front/);
    await bad(`namespaces="git" ${ada.public}`, /no public key/);
    await bad(ada.private, /is a private key/);
    await expect(sync(ada.public, { mode: 'TAG' })).rejects.toMatchObject({
      code: 'INVALID_PROPERTIES',
      message: expect.stringContaining('needs a tag'),
    });
    const byId = new SyncFlows({
      ...{ url: world.url, targetNamespace: 'team', commit: '1234567890' },
      verify: { mode: 'TAG', keys: ada.public },
    });
    await expect(byId.run(world.context)).rejects.toMatchObject({
      message: expect.stringContaining('commit 1234567890 is asked for by its id'),
    });
    expect(world.server.requests).toHaveLength(0);
  });

  it('holds with a server that has no filters', async () => {
    const unfiltered = await createWorld({
      files: { '_flows/a.yml': flowSource('team', 'a') },
      server: { config: { 'uploadpack.allowFilter': 'false' } },
    });
    await world.close();
    world = unfiltered;
    await expect(sync(ada.public)).rejects.toMatchObject({ data: { reason: 'UNSIGNED' } });
    await rewriteTip(signed);
    expect((await sync(ada.public)).summary.added).toBe(1);
  });
});

describe.runIf(hasSshKeygen)("a sync that verifies git's own SSH signatures", () => {
  it.each([
    ['ed25519', ['-t', 'ed25519']],
    ['RSA', ['-t', 'rsa', '-b', '2048']],
    ['ECDSA on P-256', ['-t', 'ecdsa', '-b', '256']],
    ['ECDSA on P-384', ['-t', 'ecdsa', '-b', '384']],
    ['ECDSA on P-521', ['-t', 'ecdsa', '-b', '521']],
  ])('takes %s', async (_, args) => {
    const key = ring.ssh(...args);
    await ring.signTip(world.repository, key);
    await refused(sync(ada.public), 'UNKNOWN_KEY', /not listed, SHA256:/);
    expect((await sync([key.public])).summary.added).toBe(100);
  });
});

describe.runIf(hasGpg)("a sync that verifies gpg's signatures", () => {
  it.each(['ed25519', 'rsa3072', 'nistp256'])('takes %s', async (algorithm) => {
    const key = await ring.pgp(algorithm);
    const other = await ring.pgp('ed25519');
    await ring.signTip(world.repository, key);
    await refused(sync(ada.public), 'UNKNOWN_KEY', /no OpenPGP key is listed/);
    await refused(sync(other.public), 'UNKNOWN_KEY', /not listed, [0-9a-f]{16}/);
    expect((await sync([`${ada.public}\n${other.public}\n${key.public}`])).summary.added).toBe(100);
  });

  it('refuses altered commits, cut off armour, and more than one signature', async () => {
    const key = await ring.pgp('ed25519');
    await ring.signTip(world.repository, key);
    const good = readObject(world.repository, 'commit', 'main').toString();
    const tip = (text: string) => rewriteTip(() => Buffer.from(text));
    await tip(good.replace('\nsigned\n', '\nchanged\n'));
    await refused(sync(key.public), 'BAD_SIGNATURE', /does not belong/);
    await tip(good.replace('\n -----END PGP SIGNATURE-----', ''));
    await refused(sync(key.public), 'MALFORMED', /cut off/);
    await tip(good.replace(/\n (.{40}).*\n/, '\n $1\n'));
    await refused(sync(key.public), 'MALFORMED', /damaged/);
    const { createMessage, readPrivateKey, sign } = await import('openpgp');
    const one = await readPrivateKey({ armoredKey: key.private });
    const commit = Buffer.from(good.replace(/gpgsig (.*\n )+.*\n/, ''));
    const message = await createMessage({ binary: new Uint8Array(commit) });
    const twice = await sign({ message, signingKeys: [one, one], detached: true });
    await rewriteTip(() => addCommitSignature(commit, twice));
    await refused(sync(key.public), 'MALFORMED', /exactly one/);
    const text = await createMessage({ text: commit.toString() });
    const loose = await sign({ message: text, signingKeys: one, detached: true });
    await rewriteTip(() => addCommitSignature(commit, loose));
    await refused(sync(key.public), 'MALFORMED', /over its bytes/);
  });

  it('refuses a key that was revoked, or has expired, since it signed', async () => {
    const { generateKey, revokeKey, readPrivateKey, reformatKey, createMessage, sign } = await import(
      'openpgp'
    );
    const created = new Date(Date.now() - 86_400_000);
    const { privateKey, revocationCertificate } = await generateKey({
      userIDs: { name: 'Ada' },
      date: created,
    });
    const key = await readPrivateKey({ armoredKey: privateKey });
    await rewriteTip(async (commit) => {
      const message = await createMessage({ binary: new Uint8Array(commit) });
      const armour = await sign({
        message,
        signingKeys: key,
        detached: true,
        date: new Date(Date.now() - 60_000),
      });
      return addCommitSignature(commit, armour);
    });
    const revoked = await revokeKey({ key, revocationCertificate });
    await refused(sync(revoked.publicKey), 'INVALID_KEY', /may no longer sign/);
    const expired = await reformatKey({
      privateKey: key,
      userIDs: { name: 'Ada' },
      keyExpirationTime: 60,
      date: created,
    });
    await refused(sync(expired.publicKey), 'INVALID_KEY', /may no longer sign/);
    expect((await sync(key.toPublic().armor())).summary.added).toBe(100);
  });
});

describe('a sync that verifies the tag', () => {
  const tagSync = (keys: string, revision: object) =>
    new SyncFlows({
      url: world.url,
      targetNamespace: 'team',
      verify: { mode: 'TAG', keys },
      ...revision,
    }).run(world.context);

  it('takes a signed tag of an unsigned commit, by its name and by a range', async () => {
    await tag('v1.0.0');
    expect((await tagSync(ada.public, { tag: 'v1.0.0' })).summary.added).toBe(100);
    const before = world.server.requests.length;
    expect((await tagSync(ada.public, { tag: 'v1.0.0' })).summary.unchanged).toBe(100);
    expect(world.server.requests).toHaveLength(before + 1);
    expect((await tagSync(ada.public, { semver: '^1.0.0' })).summary.unchanged).toBe(100);
  });

  it('checks another tag of the same commit, and the same tag once it was made anew', async () => {
    await tag('v1.0.0');
    await tagSync(ada.public, { tag: 'v1.0.0' });
    await world.repository.git('tag', 'light', 'main');
    await tag('v2.0.0', { key: eve });
    const before = await contents(world.storage);
    for (const [revision, reason] of [
      [{ tag: 'light' }, 'UNSIGNED'],
      [{ tag: 'v2.0.0' }, 'UNKNOWN_KEY'],
      [{ semver: '*' }, 'UNKNOWN_KEY'],
    ] as const)
      await expect(tagSync(ada.public, revision)).rejects.toMatchObject({ data: { reason } });
    await world.repository.git('update-ref', 'refs/tags/v1.0.0', 'main');
    await expect(tagSync(ada.public, { tag: 'v1.0.0' })).rejects.toMatchObject({
      data: { reason: 'UNSIGNED' },
    });
    expect(await contents(world.storage)).toEqual(before);
    await tag('v2.0.0');
    expect((await tagSync(ada.public, { tag: 'v2.0.0' })).summary.unchanged).toBe(100);
    const requests = world.server.requests.length;
    expect((await tagSync(ada.public, { semver: '2.x' })).summary.unchanged).toBe(100);
    expect(world.server.requests).toHaveLength(requests + 1);
  });

  it('refuses tags that are not signed, by others, changed, or lightweight', async () => {
    await world.repository.git('tag', '-a', '-m', 'release', 'plain', 'main');
    await refused(tagSync(ada.public, { tag: 'plain' }), 'UNSIGNED', /Tag "plain" of .* is not signed/);
    await tag('v1', { key: eve });
    await refused(tagSync(ada.public, { tag: 'v1' }), 'UNKNOWN_KEY', /SHA256:/);
    await tag('v2', { change: (text) => text.replace('release', 'something else') });
    await refused(tagSync(ada.public, { tag: 'v2' }), 'BAD_SIGNATURE', /does not belong/);
    await tag('v3', { change: (text) => text.replace('\n\n', '\ngpgsig-sha256 x\n\n') });
    await refused(tagSync(ada.public, { tag: 'v3' }), 'MALFORMED', /nobody signed/);
    await tag('v4', { change: (text) => `${text}and more\n` });
    await refused(tagSync(ada.public, { tag: 'v4' }), 'MALFORMED', /cut off or damaged/);
    await rewriteTip(signed);
    await world.repository.git('tag', 'light', 'main');
    await refused(tagSync(ada.public, { tag: 'light' }), 'UNSIGNED', /lightweight/);
  });

  it('refuses a signed tag that stands under the name of another one', async () => {
    await tag('v9.0.0', { inside: 'v1.0.0' });
    await refused(
      tagSync(ada.public, { tag: 'v9.0.0' }),
      'WRONG_OBJECT',
      /what was signed is the tag "v1.0.0"/,
    );
  });

  it('takes the commit, not the tag, in the mode HEAD', async () => {
    await tag('v1');
    const head = { tag: 'v1', verify: { keys: ada.public } };
    await refused(tagSync(ada.public, head), 'UNSIGNED', /Commit/);
  });

  it.runIf(hasSshKeygen)("takes git's own tags", async () => {
    const key = ring.ssh('-t', 'ed25519');
    await ring.git(world.repository, key, 'tag', '-s', '-m', 'release', 'v1', 'main');
    expect((await tagSync(key.public, { tag: 'v1' })).summary.added).toBe(100);
  });

  it.runIf(hasGpg)("takes gpg's tags", async () => {
    const key = await ring.pgp('ed25519');
    await ring.git(world.repository, key, 'tag', '-s', '-m', 'release', 'v1', 'main');
    expect((await tagSync(key.public, { tag: 'v1' })).summary.added).toBe(100);
  });
});

describe('a clone that verifies', () => {
  const clone = (verify: { keys: string; mode?: 'TAG' }, more: object = {}) =>
    new Clone({ url: world.url, branch: 'main', directory: 'clone', verify, ...more }).run(
      createRunContext({ storage: world.storage, workingDirectory: world.directory }),
    );
  const cloned = () => readdir(join(world.directory, 'clone'));

  it('checks the commit out when it is signed, and leaves nothing behind when it is not', async () => {
    const failed = { code: 'SIGNATURE_VERIFICATION_FAILED', data: { reason: 'UNSIGNED' } };
    await expect(clone({ keys: ada.public })).rejects.toMatchObject(failed);
    await expect(cloned()).rejects.toMatchObject({ code: 'ENOENT' });
    const commitId = await rewriteTip(signed);
    expect(await clone({ keys: ada.public })).toMatchObject({ commitId });
    expect(await cloned()).toContain('_flows');
  });

  it('checks the tag when that is asked for, and keys before any request', async () => {
    await expect(clone({ keys: ada.public, mode: 'TAG' })).rejects.toMatchObject({
      code: 'INVALID_PROPERTIES',
    });
    await expect(clone({ keys: '' })).rejects.toMatchObject({ code: 'INVALID_PROPERTIES' });
    expect(world.server.requests).toHaveLength(0);
    await tag('v1', { key: eve });
    const byTag = { branch: undefined, tag: 'v1' };
    await expect(clone({ keys: ada.public, mode: 'TAG' }, byTag)).rejects.toMatchObject({
      data: { reason: 'UNKNOWN_KEY' },
    });
    await tag('v1');
    expect(await clone({ keys: ada.public, mode: 'TAG' }, byTag)).toMatchObject({
      commitId: await world.repository.tip(),
    });
  });
});

function dataFor(payload: Uint8Array, namespace: string, hash: string): Buffer {
  const digest = createHash(hash).update(payload).digest();
  return Buffer.concat([Buffer.from('SSHSIG'), ...[namespace, '', hash, digest].map(sshString)]);
}

function packed(blob: Buffer, namespace: string, hash: string, raw: Buffer): Buffer {
  const parts = [blob, namespace, '', hash, raw].map(sshString);
  return Buffer.concat([Buffer.from('SSHSIG\0\0\0\x01'), ...parts]);
}

function armoured(bytes: Buffer): string {
  return `-----BEGIN SSH SIGNATURE-----\n${bytes.toString('base64')}\n-----END SSH SIGNATURE-----\n`;
}

/** Ada's own signature, for any namespace and with any hash. */
function sshSignature(payload: Uint8Array, namespace: string, hash: string): string {
  const value = rawSign(null, dataFor(payload, namespace, hash), ada.private);
  const raw = Buffer.concat([sshString('ssh-ed25519'), sshString(value)]);
  return armoured(packed(ada.blob, namespace, hash, raw));
}
