import { mkdirSync, symlinkSync } from 'node:fs';
import type { LookupFunction } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createRemotePolicy, type RemotePolicy } from '../../../src/git/index.js';
import { temporaryDirectory } from '../../storage/temporary-directory.js';

/** Names that resolve to what is said, one answer after the other, the last for ever. */
function resolver(names: Record<string, string[][]>): LookupFunction {
  const asked = new Map<string, number>();
  return (hostname, _options, callback) => {
    const answers = names[hostname] ?? [];
    const turn = asked.get(hostname) ?? 0;
    asked.set(hostname, turn + 1);
    const answer = answers[Math.min(turn, answers.length - 1)] ?? [];
    callback(
      null,
      answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
}

function allows(policy: RemotePolicy, url: string): boolean {
  try {
    policy.check(new URL(url));
    return true;
  } catch (error) {
    expect(error).toMatchObject({
      code: 'REMOTE_NOT_ALLOWED',
      hint: expect.stringContaining('allowedRemotes'),
    });
    return false;
  }
}

/** What a connection to the URL would be made to; null when the policy refuses. */
function resolved(policy: RemotePolicy, url: string): Promise<string[] | null> {
  const parsed = new URL(url);
  return new Promise((done, reject) => {
    policy.lookup(parsed)(parsed.hostname, { all: true }, (error, found) => {
      if (error === null) done(Array.isArray(found) ? found.map(({ address }) => address) : [found]);
      else if ('code' in error && error.code === 'REMOTE_NOT_ALLOWED') done(null);
      else reject(error);
    });
  });
}

describe('without a list', () => {
  const policy = createRemotePolicy({
    resolver: resolver({
      public: [['8.8.8.8', '2606:4700::1']],
      inside: [['10.0.0.7']],
      mixed: [['8.8.8.8', '127.0.0.1']],
      metadata: [['169.254.169.254']],
      nothing: [[]],
    }),
  });

  it('every public host may be reached, and nothing of this machine or its networks', () => {
    expect(allows(policy, 'https://git.example/a')).toBe(true);
    expect(allows(policy, 'https://8.8.8.8/a')).toBe(true);
    const refused = [
      'file:///srv/git/a.git',
      'http://127.0.0.1:8080/a',
      'http://2130706433/a',
      'http://0x7f.1/a',
      'http://127.1/a',
      'http://[::1]/a',
      'http://[::ffff:127.0.0.1]/a',
      'http://[::ffff:7f00:1]/a',
      'http://10.0.0.1/a',
      'http://169.254.169.254/latest/meta-data',
      'http://[fe80::1]/a',
      'http://0.0.0.0/a',
      'ssh://git@192.168.1.1/a',
    ];
    for (const url of refused) expect([url, allows(policy, url)]).toEqual([url, false]);
  });

  it('a name is judged by all the addresses it resolves to', async () => {
    expect(await resolved(policy, 'http://public/')).toEqual(['8.8.8.8', '2606:4700::1']);
    for (const name of ['inside', 'mixed', 'metadata', 'nothing']) {
      expect([name, await resolved(policy, `http://${name}/`)]).toEqual([name, null]);
    }
    await expect(policy.checkResolved(new URL('http://inside/'))).rejects.toMatchObject({
      code: 'REMOTE_NOT_ALLOWED',
    });
    await policy.checkResolved(new URL('http://public/'));
  });

  it('a name that changes its mind is judged at each connection', async () => {
    const rebinding = createRemotePolicy({
      resolver: resolver({ rebinding: [['8.8.8.8'], ['127.0.0.1']] }),
    });
    expect(await resolved(rebinding, 'http://rebinding/')).toEqual(['8.8.8.8']);
    expect(await resolved(rebinding, 'http://rebinding/')).toBeNull();
  });
});

describe('a list', () => {
  const names = {
    'git.internal': [['10.0.0.7']],
    'a.corp': [['10.9.0.1']],
    'git.meta': [['169.254.169.254']],
  };
  const policyOf = (...allowedRemotes: string[]) =>
    createRemotePolicy({ allowedRemotes, resolver: resolver(names) });

  it('admits what it names and nothing else', () => {
    const policy = policyOf('git.internal', '*.corp', 'https://only.example:8443');
    expect(allows(policy, 'http://git.internal:3000/a')).toBe(true);
    expect(allows(policy, 'https://GIT.internal./a')).toBe(true);
    expect(allows(policy, 'https://a.corp/a')).toBe(true);
    expect(allows(policy, 'https://only.example:8443/a')).toBe(true);
    const refused = [
      'https://corp/a',
      'https://acorp/a',
      'https://git.internal.evil/a',
      'https://git.example/a',
    ];
    for (const url of [
      ...refused,
      'https://only.example/a',
      'http://only.example:8443/a',
      'https://8.8.8.8/a',
    ]) {
      expect([url, allows(policy, url)]).toEqual([url, false]);
    }
  });

  it('vouches for the private addresses of a host it names, and not for link-local ones', async () => {
    const policy = policyOf('git.internal', 'git.meta');
    expect(await resolved(policy, 'http://git.internal/')).toEqual(['10.0.0.7']);
    expect(await resolved(policy, 'http://git.meta/')).toBeNull();
    expect(await resolved(policyOf('git.meta', '169.254.169.254'), 'http://git.meta/')).toEqual([
      '169.254.169.254',
    ]);
  });

  it('admits networks, and names that lie in them', async () => {
    const policy = policyOf('10.0.0.0/8', 'http://[::1]:8080', 'fd00::/8');
    expect(allows(policy, 'http://10.1.2.3/a')).toBe(true);
    expect(allows(policy, 'http://[::ffff:10.1.2.3]/a')).toBe(true);
    expect(allows(policy, 'http://[::1]:8080/a')).toBe(true);
    expect(allows(policy, 'http://[fd12::1]/a')).toBe(true);
    expect(allows(policy, 'http://[::1]/a')).toBe(false);
    expect(allows(policy, 'http://11.0.0.1/a')).toBe(false);
    expect(await resolved(policy, 'http://git.internal/')).toEqual(['10.0.0.7']);
    expect(await resolved(policy, 'http://git.meta/')).toBeNull();
  });

  it('admits directories, links followed', () => {
    const root = temporaryDirectory();
    for (const name of ['git/a.git', 'git2/b.git']) mkdirSync(join(root, name), { recursive: true });
    symlinkSync(join(root, 'git2/b.git'), join(root, 'git/link.git'));
    symlinkSync(join(root, 'git'), join(root, 'moved'));
    const urlOf = (path: string) => pathToFileURL(join(root, path)).href;
    const policy = policyOf(urlOf('git'));
    expect(allows(policy, urlOf('git/a.git'))).toBe(true);
    expect(allows(policy, urlOf('moved/a.git'))).toBe(true);
    expect(allows(policyOf(urlOf('moved')), urlOf('git/a.git'))).toBe(true);
    for (const path of ['git2/b.git', 'git/link.git', 'git/../git2/b.git', '']) {
      expect([path, allows(policy, urlOf(path))]).toEqual([path, false]);
    }
    expect(allows(policy, `${urlOf('git')}/%2e%2e/git2/b.git`)).toBe(false);
  });

  it('that is empty admits nothing', () => {
    expect(allows(policyOf(), 'https://git.example/a')).toBe(false);
  });

  it('is refused when an entry cannot be understood, and credentials in it are not shown', () => {
    const bad = ['', 'https://git.example/group', 'git example', '10.0.0.0/33', 'file://host/x', '*.', 'a/8'];
    for (const entry of [...bad, 'https://user:s3cret@git.example']) {
      let failure: unknown = null;
      try {
        policyOf(entry);
      } catch (error) {
        failure = error;
      }
      expect([entry, failure]).toMatchObject([entry, { code: 'INVALID_PROPERTIES' }]);
      expect(String(failure)).not.toContain('s3cret');
    }
  });
});
