import { chmod, mkdir, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createGit, type FileChange, type Remote, type RemoteOptions } from '../../../src/git/index.js';
import { type GitServer, startGitServer } from '../../../src/testing/index.js';
import { BareRepository, temporaryDirectory } from '../../support/bare-repository.js';

const author = { name: 'Ada', email: 'ada@example.org', timestamp: 1_700_000_000, timezoneOffset: -60 };
type Intercept = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

let temporary: Awaited<ReturnType<typeof temporaryDirectory>>;
let server: GitServer;
let intercept: Intercept | null = null;
let repositories = 0;
const remotes: Remote[] = [];

beforeAll(async () => {
  temporary = await temporaryDirectory();
  server = await startGitServer({
    root: temporary.path,
    intercept: async (request, response) => (await intercept?.(request, response)) ?? false,
  });
});
afterEach(async () => {
  intercept = null;
  for (const remote of remotes.splice(0)) await remote.close();
});
afterAll(async () => {
  await server.close();
  await temporary.remove();
});

async function serve(files?: Parameters<BareRepository['commit']>[0]) {
  const name = `r${repositories++}.git`;
  const repository = await BareRepository.create(join(temporary.path, name), files);
  return { repository, url: `${server.url}/${name}` };
}

function connect(url: string, options: Partial<RemoteOptions> = {}): Remote {
  const remote = createGit().connect({ url, ...options });
  remotes.push(remote);
  return remote;
}

const write = (path: string, content: string): FileChange => ({ path, content: Buffer.from(content) });
const remove = (path: string): FileChange => ({ path, content: null });

async function push(remote: Remote, changes: FileChange[], { branch = 'main', path = '' } = {}) {
  const base = await remote.openForPush(branch, { path, contents: 'none' });
  return remote.push(base, { changes, message: 'Add flows', author });
}

/** Makes a hook that runs on the server, as its user, for each push. */
async function hook(repository: BareRepository, name: string, script: string): Promise<void> {
  const path = join(repository.path, 'hooks', name);
  await mkdir(join(repository.path, 'hooks'), { recursive: true });
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
}

const isPush = (request: IncomingMessage) =>
  request.method === 'POST' && request.url?.endsWith('receive-pack');

describe('a push', () => {
  test('adds a commit to the branch, and nothing else changes', async () => {
    const { repository, url } = await serve({
      'README.md': '# hi\n',
      '_flows/a.yml': 'id: a\n',
      'x/y/z': 'z',
    });
    const before = await repository.tip();
    const { commit, remoteMessages } = await push(connect(url), [
      write('_flows/b.yml', 'id: b\n'),
      write('_flows/team/c.yml', 'id: c\n'),
      remove('_flows/a.yml'),
    ]);
    expect(remoteMessages).toEqual([]);
    expect(await repository.tip()).toBe(commit);
    expect(await repository.files()).toEqual({
      'README.md': '# hi\n',
      '_flows/b.yml': 'id: b\n',
      '_flows/team/c.yml': 'id: c\n',
      'x/y/z': 'z',
    });
    expect((await repository.git('cat-file', 'commit', 'main')).split('\n').slice(1)).toEqual([
      `parent ${before}`,
      'author Ada <ada@example.org> 1700000000 +0100',
      'committer Ada <ada@example.org> 1700000000 +0100',
      '',
      'Add flows',
      '',
    ]);
    await repository.fsck();
  });

  test('asks the writing side of a server twice', async () => {
    const { url } = await serve({ '_flows/a.yml': 'id: a\n', 'other/b': 'b' });
    const requests = server.requests.length;
    await push(connect(url), [write('_flows/b.yml', 'id: b\n')], { path: '_flows' });
    const asked = server.requests
      .slice(requests)
      .map(({ method, path }) => `${method} ${path.split('/').at(-1)}`);
    expect(asked.filter((request) => request.endsWith('receive-pack'))).toEqual([
      'GET refs?service=git-receive-pack',
      'POST git-receive-pack',
    ]);
  });

  test('may touch directories outside of the one that was opened', async () => {
    const { repository, url } = await serve({
      '_flows/a.yml': 'id: a\n',
      'other/deep/b': 'b',
      'other/c': 'c',
    });
    await push(connect(url), [write('other/deep/d', 'd')], { path: '_flows' });
    expect(Object.keys(await repository.files())).toEqual([
      '_flows/a.yml',
      'other/c',
      'other/deep/b',
      'other/deep/d',
    ]);
    await repository.fsck();
  });

  test('makes the first commit of an empty repository', async () => {
    const { repository, url } = await serve();
    const remote = connect(url);
    const base = await remote.openForPush('main', { path: '', contents: 'all' });
    expect(base).toEqual({ branch: 'main', tip: null, snapshot: null });
    const { commit } = await remote.push(base, {
      changes: [write('a/b.yml', 'id: b\n')],
      message: 'First',
      author,
    });
    expect(await repository.tip()).toBe(commit);
    expect(await repository.commitCount()).toBe(1);
    await repository.fsck();
  });

  test("makes a missing branch from the default branch's head", async () => {
    const { repository, url } = await serve({ a: '1' });
    const main = await repository.tip();
    const remote = connect(url);
    const base = await remote.openForPush('feature/x', { path: '', contents: 'none' });
    expect(base).toMatchObject({ branch: 'feature/x', tip: null, snapshot: { commit: main } });
    const { commit } = await remote.push(base, { changes: [write('b', '2')], message: 'b', author });
    expect(await repository.tip('feature/x')).toBe(commit);
    expect(await repository.tip('main')).toBe(main);
    expect(await repository.files('feature/x')).toEqual({ a: '1', b: '2' });
    await repository.fsck();
  });

  test('over file:// does the same', async () => {
    const { repository } = await serve({ a: '1' });
    const { commit } = await push(connect(pathToFileURL(repository.path).href), [write('b', '2')]);
    expect(await repository.tip()).toBe(commit);
    await repository.fsck();
  });

  test('without a difference makes no commit, no branch and no request', async () => {
    const { repository, url } = await serve({ 'd/a': '1' });
    const remote = connect(url);
    const base = await remote.openForPush('new', { path: '', contents: 'none' });
    await base.snapshot?.list('');
    const requests = server.requests.length;
    const same = { changes: [write('d/a', '1'), remove('d/gone'), remove('no/such')], message: 'x', author };
    expect(await remote.push(base, same)).toEqual({ commit: null, remoteMessages: [] });
    expect(server.requests).toHaveLength(requests);
    expect(await repository.tip('new')).toBeNull();
  });

  test('of nothing to an empty repository makes no commit', async () => {
    const { url } = await serve();
    expect(await push(connect(url), [remove('a')])).toEqual({ commit: null, remoteMessages: [] });
  });

  test('of many files comes in one pack that git accepts', async () => {
    const { repository, url } = await serve({ a: '1' });
    const changes = Array.from({ length: 1500 }, (_, index) => {
      const noise = Array.from({ length: 60 }, (_, line) => `${line}: ${Math.sin(index * 99 + line)}`);
      return write(`flows/${index % 7}/f${index}.yml`, noise.join('\n'));
    });
    await push(connect(url), changes);
    expect((await repository.git('ls-tree', '-r', '--name-only', 'main')).trim().split('\n')).toHaveLength(
      1501,
    );
    await repository.fsck();
  });

  test('signs a commit where git finds the signature', async () => {
    const { repository, url } = await serve({ a: '1' });
    const remote = connect(url);
    const base = await remote.openForPush('main', { path: '', contents: 'none' });
    let signed = '';
    const sign = async (payload: Uint8Array) => {
      signed = Buffer.from(payload).toString();
      return '-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n';
    };
    await remote.push(base, { changes: [write('a', '2')], message: 'Signed', author, sign });
    const commit = await repository.git('cat-file', 'commit', 'main');
    expect(commit).toContain(
      '\ngpgsig -----BEGIN SSH SIGNATURE-----\n AAAA\n -----END SSH SIGNATURE-----\n\nSigned\n',
    );
    expect(commit.replace(/gpgsig(.|\n)*?-----END SSH SIGNATURE-----\n/, '')).toBe(signed);
    await repository.fsck();
  });
});

describe('file changes', () => {
  test.each<[string, Record<string, string>, FileChange[], Record<string, string>]>([
    ['a file replaces a directory', { 'a/b': '1', 'a/c/d': '2' }, [write('a', 'x')], { a: 'x' }],
    [
      'a file replaces a directory whose files are deleted one by one',
      { 'a/b': '1', 'a/c/d': '2' },
      [remove('a/b'), remove('a/c/d'), write('a', 'x')],
      { a: 'x' },
    ],
    [
      'a directory replaces a file',
      { a: '1', z: '1' },
      [remove('a'), write('a/b', 'x')],
      { 'a/b': 'x', z: '1' },
    ],
    ['a directory replaces a file that nobody deletes', { a: '1' }, [write('a/b/c', 'x')], { 'a/b/c': 'x' }],
    [
      'an emptied directory goes, and its empty parents',
      { 'a/b/c/d': '1', z: '1' },
      [remove('a/b/c/d')],
      { z: '1' },
    ],
    [
      'a directory stays while something is in it',
      { 'a/b/c': '1', 'a/d': '1' },
      [remove('a/b/c')],
      { 'a/d': '1' },
    ],
    [
      'deleting a directory by its name does nothing',
      { 'a/b': '1', c: '1' },
      [remove('a'), remove('c')],
      { 'a/b': '1' },
    ],
    [
      'names sort as git sorts them',
      { 'a.b': '1', 'a/x': '1' },
      [write('a0', '1')],
      { 'a.b': '1', 'a/x': '1', a0: '1' },
    ],
    ['everything may go', { a: '1', 'b/c': '1' }, [remove('a'), remove('b/c')], {}],
  ])('%s', async (_, present, changes, expected) => {
    const { repository, url } = await serve(present);
    await push(connect(url), changes);
    expect(await repository.files()).toEqual(expected);
    await repository.fsck();
  });

  test('keep the modes of existing files, unless they say otherwise', async () => {
    const { repository, url } = await serve({
      run: { executable: '1' },
      stop: { executable: '1' },
      link: { link: 'run' },
      plain: '1',
    });
    await push(connect(url), [
      write('run', '2'),
      { path: 'stop', content: Buffer.from('1'), mode: '100644' },
      write('link', 'no link any more'),
      write('new', 'n'),
      { path: 'bin', content: Buffer.from('b'), mode: '100755' },
      { path: 'ln', content: Buffer.from('plain'), mode: '120000' },
    ]);
    const modes = (await repository.git('ls-tree', 'main')).trim().split('\n');
    expect(modes.map((line) => `${line.slice(0, 6)} ${line.split('\t')[1]}`)).toEqual([
      '100755 bin',
      '100644 link',
      '120000 ln',
      '100644 new',
      '100644 plain',
      '100755 run',
      '100644 stop',
    ]);
    await repository.fsck();
  });

  test('leave names alone that are not UTF-8', async () => {
    const { repository, url } = await serve({ 'd/x': '1' });
    const blob = (await repository.git('rev-parse', 'main:d/x')).trim();
    const index = { ...process.env, GIT_INDEX_FILE: join(repository.path, 'tmp-index') };
    const { execFileSync } = await import('node:child_process');
    const input = Buffer.concat([Buffer.from(`100644 ${blob}\td/caf`), Buffer.from([0xe9, 0])]);
    execFileSync('git', ['-C', repository.path, 'update-index', '-z', '--index-info'], { env: index, input });
    const tree = execFileSync('git', ['-C', repository.path, 'write-tree'], { env: index }).toString().trim();
    const commit = (await repository.git('commit-tree', tree, '-m', 'latin1')).trim();
    await repository.git('update-ref', 'refs/heads/main', commit);
    await push(connect(url), [write('d/new', 'n')]);
    expect(await repository.git('ls-tree', '-r', '--name-only', 'main')).toBe('"d/caf\\351"\nd/new\n');
    await repository.fsck();
  });

  test.each([
    '../x',
    '/x',
    'a//b',
    'a/../b',
    '.git/config',
    'a/.Git/hooks/x',
    'a\0b',
    '',
    'a/',
    '.git ',
    'git~1/x',
  ])('to the path %j are refused before anything is sent', async (path) => {
    const { url } = await serve({ a: '1' });
    const remote = connect(url);
    const base = await remote.openForPush('main', { path: '', contents: 'none' });
    const requests = server.requests.length;
    const pushed = remote.push(base, {
      changes: [{ path, content: Buffer.from('x') }],
      message: 'x',
      author,
    });
    await expect(pushed).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
    expect(server.requests).toHaveLength(requests);
  });

  test('through a symbolic link are refused', async () => {
    const { url } = await serve({ 'real/a': '1', linked: { link: 'real' } });
    await expect(push(connect(url), [write('linked/b', 'x')])).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
  });

  test.each<[string, FileChange[]]>([
    ['name a path twice', [write('a', '1'), write('a', '2')]],
    ['make a path a file and a directory', [write('a', '1'), write('a/b', '2')]],
  ])('that %s are refused', async (_, changes) => {
    const { url } = await serve();
    await expect(push(connect(url), changes)).rejects.toMatchObject({ code: 'INVALID_PROPERTIES' });
  });

  test('to a branch git would not create are refused', async () => {
    const { url } = await serve({ a: '1' });
    const opened = connect(url).openForPush('a..b', { path: '', contents: 'none' });
    await expect(opened).rejects.toMatchObject({ code: 'INVALID_PROPERTIES' });
  });
});

describe('a lost race', () => {
  test('is told before a pack is sent when the branch has moved', async () => {
    const { repository, url } = await serve({ a: '1' });
    const remote = connect(url);
    const base = await remote.openForPush('main', { path: '', contents: 'none' });
    await base.snapshot?.list('');
    const theirs = await repository.commit({ b: '2' });
    const requests = server.requests.length;
    const pushed = remote.push(base, { changes: [write('a', '3')], message: 'x', author });
    await expect(pushed).rejects.toMatchObject({ code: 'PUSH_REJECTED', race: true, retryable: true });
    expect(server.requests.slice(requests).map(({ method }) => method)).toEqual(['GET']);
    expect(await repository.tip()).toBe(theirs);
    await push(remote, [write('a', '3')]);
    expect(await repository.files()).toEqual({ a: '3', b: '2' });
  });

  test('is told by the server when the branch moves at the last moment', async () => {
    const { repository, url } = await serve({ a: '1' });
    let theirs = '';
    intercept = async (request) => {
      if (isPush(request)) theirs = await repository.commit({ b: '2' });
      return false;
    };
    await expect(push(connect(url), [write('a', '3')])).rejects.toMatchObject({
      code: 'PUSH_REJECTED',
      race: true,
    });
    expect(await repository.tip()).toBe(theirs);
  });

  test('is told when two create the same branch', async () => {
    const { repository, url } = await serve({ a: '1' });
    intercept = async (request) => {
      if (isPush(request)) await repository.git('branch', 'new', 'main');
      return false;
    };
    const pushed = push(connect(url), [write('a', '3')], { branch: 'new' });
    await expect(pushed).rejects.toMatchObject({ code: 'PUSH_REJECTED', race: true });
  });
});

describe('a refusal', () => {
  test("of a pre-receive hook is told in the hook's words, without control characters", async () => {
    const { repository, url } = await serve({ a: '1' });
    await hook(
      repository,
      'pre-receive',
      'printf "\\033[31mTicket missing\\033[0m\\nSee https://wiki.example\\n" >&2; exit 1',
    );
    const error = await push(connect(url), [write('a', '2')]).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'PUSH_REJECTED',
      race: false,
      retryable: false,
      data: {
        branch: 'main',
        reason: 'pre-receive hook declined',
        remoteMessages: ['Ticket missing', 'See https://wiki.example'],
      },
    });
    expect(String(error)).toContain('remote: Ticket missing\nremote: See https://wiki.example');
    expect(String(error)).toContain(url);
  });

  test('of an update hook, as protected branches have it, is no race', async () => {
    const { repository, url } = await serve({ a: '1' });
    await hook(
      repository,
      'update',
      '[ "$1" = refs/heads/main ] && echo "GH006: Protected branch" >&2 && exit 1; exit 0',
    );
    await expect(push(connect(url), [write('a', '2')])).rejects.toMatchObject({
      code: 'PUSH_REJECTED',
      race: false,
      message: expect.stringContaining('GH006: Protected branch'),
    });
    expect((await push(connect(url), [write('a', '2')], { branch: 'open' })).commit).toMatch(
      /^[0-9a-f]{40}$/,
    );
  });

  test('is bounded however much a hook says', async () => {
    const { repository, url } = await serve({ a: '1' });
    await hook(
      repository,
      'pre-receive',
      'yes "a very long complaint about this push" | head -n 20000 >&2; exit 1',
    );
    const error = await push(connect(url), [write('a', '2')]).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'PUSH_REJECTED', race: false });
    expect(String(error).length).toBeLessThan(10_000);
  });

  test('because another branch stands in the way of the name is no race', async () => {
    const { url } = await serve({ a: '1' });
    for (const branch of ['main/sub', 'x']) {
      const pushed = push(connect(url), [write('a', '2')], { branch });
      if (branch === 'x') await pushed;
      else await expect(pushed).rejects.toMatchObject({ code: 'PUSH_REJECTED', race: false });
    }
  });

  test('of an object that fails fsck tells what is wrong with it', async () => {
    const { repository, url } = await serve({ a: '1' });
    await repository.git('config', 'receive.fsckObjects', 'true');
    const changes = [{ path: '.gitmodules', content: Buffer.from('a'), mode: '120000' as const }];
    await expect(push(connect(url), changes)).rejects.toMatchObject({
      code: 'PUSH_REJECTED',
      race: false,
      message: expect.stringContaining('gitmodules'),
    });
  });

  test('to write for a reader is an authentication failure', async () => {
    const { url } = await serve({ a: '1' });
    intercept = async (request, response) => {
      if (!request.url?.includes('receive-pack')) return false;
      response.writeHead(403, { 'content-type': 'text/plain' }).end('Write access not granted');
      return true;
    };
    await expect(push(connect(url), [write('a', '2')])).rejects.toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      message: expect.stringContaining('Write access not granted'),
    });
  });

  test('says a success with what hooks wrote', async () => {
    const { repository, url } = await serve({ a: '1' });
    await hook(
      repository,
      'post-receive',
      'echo "Create a merge request:" >&2; echo "  https://git.example/mr" >&2',
    );
    expect((await push(connect(url), [write('a', '2')])).remoteMessages).toEqual([
      'Create a merge request:',
      '  https://git.example/mr',
    ]);
  });
});

describe('a connection that breaks', () => {
  test('after the push has landed is a success', async () => {
    const { repository, url } = await serve({ a: '1' });
    intercept = async (request, response) => {
      if (!isPush(request)) return false;
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { execFileSync } = await import('node:child_process');
      execFileSync('git', ['receive-pack', '--stateless-rpc', repository.path], {
        input: Buffer.concat(chunks),
      });
      response.destroy();
      return true;
    };
    const { commit } = await push(connect(url), [write('a', '2')]);
    expect(await repository.tip()).toBe(commit);
  });

  test('before the push has landed is a failure that may be tried again', async () => {
    const { repository, url } = await serve({ a: '1' });
    const before = await repository.tip();
    intercept = async (request, response) => {
      if (!isPush(request)) return false;
      response.destroy();
      return true;
    };
    const remote = connect(url);
    await expect(push(remote, [write('a', '2')])).rejects.toMatchObject({ retryable: true });
    expect(await repository.tip()).toBe(before);
    intercept = null;
    await push(remote, [write('a', '2')]);
    expect(await repository.files()).toEqual({ a: '2' });
  });

  test('in the middle of the answer is looked into', async () => {
    const { repository, url } = await serve({ a: '1' });
    intercept = async (request, response) => {
      if (!isPush(request)) return false;
      request.resume();
      response.writeHead(200, { 'content-type': 'application/x-git-receive-pack-result' });
      response.end('0030\x01000eunpack');
      return true;
    };
    await expect(push(connect(url), [write('a', '2')])).rejects.toMatchObject({ retryable: true });
    expect(await repository.commitCount()).toBe(1);
  });

  test('while someone else pushes is a lost race', async () => {
    const { repository, url } = await serve({ a: '1' });
    intercept = async (request, response) => {
      if (!isPush(request)) return false;
      await repository.commit({ b: '2' });
      response.destroy();
      return true;
    };
    await expect(push(connect(url), [write('a', '2')])).rejects.toMatchObject({
      code: 'PUSH_REJECTED',
      race: true,
    });
  });
});
