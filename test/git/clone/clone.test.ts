import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type CloneOptions, createGit, type RemoteOptions } from '../../../src/git/index.js';
import { type GitServer, startGitServer } from '../../../src/testing/index.js';
import { BareRepository, gitEnvironment, temporaryDirectory } from '../../support/bare-repository.js';

const run = promisify(execFile);
type Intercept = (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>;

let temporary: Awaited<ReturnType<typeof temporaryDirectory>>;
let server: GitServer;
let story: BareRepository;
let storyUrl = '';
let intercept: Intercept | null = null;
let places = 0;

beforeAll(async () => {
  temporary = await temporaryDirectory();
  server = await startGitServer({
    root: temporary.path,
    intercept: async (request, response) => (await intercept?.(request, response)) ?? false,
  });
  ({ repository: story, url: storyUrl } = await serve('story.git'));
  await tellStory();
});
afterEach(() => {
  intercept = null;
});
afterAll(async () => {
  await server.close();
  await temporary.remove();
});

async function serve(name: string, files?: Parameters<BareRepository['commit']>[0]) {
  const repository = await BareRepository.create(join(temporary.path, name), files);
  return { repository, url: `${server.url}/${name}` };
}

/** Three branches, five commits, tags of both kinds, and every kind of entry. */
async function tellStory(): Promise<void> {
  const lines = Array.from({ length: 300 }, (_, line) => `line ${line}`);
  await story.commit({
    'README.md': '# Story\n',
    'flows/a.yml': 'id: a\n',
    'flows/long.txt': lines.join('\n'),
    'bin/run': { executable: '#!/bin/sh\n' },
    'latest.yml': { link: 'flows/a.yml' },
    'flows/up': { link: '../README.md' },
    'empty.txt': '',
    'ünï/cødé.yml': 'id: u\n',
    'flows.d/x': 'sorts before flows/',
  });
  await story.git('tag', 'light', 'main');
  await story.git('tag', '-a', 'v1.0.0', '-m', 'one', 'main');
  await story.commit({ 'flows/long.txt': [...lines, 'more'].join('\n'), 'flows/b.yml': 'id: b\n' });
  await story.git('tag', '-a', 'v1.1.0', '-m', 'one one', 'main');
  await story.commit({ 'flows/a.yml': 'id: a2\n', 'empty.txt': null });
  await story.commit({ 'only/here': 'x' }, { branch: 'feature/x', from: 'main' });
  await story.commit({ 'large.bin': Buffer.alloc(2_500_000, 'large ') }, { branch: 'large', from: 'main' });
  await story.git('tag', 'tip', 'main');
}

const place = () => join(temporary.path, `clone-${places++}`);

async function clone(
  url: string,
  options: Partial<CloneOptions> = {},
  remoteOptions: Partial<RemoteOptions> = {},
) {
  const remote = createGit().connect({ url, ...remoteOptions });
  const directory = options.directory ?? place();
  try {
    return await remote.clone({ depth: 1, allBranches: false, noTags: false, ...options, directory });
  } finally {
    await remote.close();
  }
}

async function git(directory: string, ...args: string[]): Promise<string> {
  const { stdout } = await run('git', ['-C', directory, ...args], {
    env: gitEnvironment,
    maxBuffer: 1 << 28,
  });
  return stdout;
}

/** What git sees in a clone; everything that a user could tell two clones apart by. */
async function facts(directory: string) {
  const shallow = await readFile(join(directory, '.git/shallow'), 'utf8').catch(() => '');
  const config = await git(directory, 'config', '--local', '--list');
  return {
    status: await git(directory, 'status', '--porcelain'),
    index: await git(directory, 'ls-files', '-s'),
    head: (await readFile(join(directory, '.git/HEAD'), 'utf8')).trim(),
    commit: await git(directory, 'rev-parse', 'HEAD'),
    refs: await git(directory, 'for-each-ref', '--format=%(refname) %(objectname) %(symref) %(*objectname)'),
    log: await git(directory, 'log', '--format=%H %an %s'),
    shallow: shallow.split('\n').sort(),
    config: config.split('\n').sort(),
  };
}

/** Checks what every clone has to be good for. */
async function proveUsable(directory: string): Promise<void> {
  await git(directory, 'fsck', '--strict');
  await git(directory, 'fetch', '--quiet');
  for (const file of await readdir(join(directory, '.git/objects/pack'))) {
    if (file.endsWith('.pack')) await git(directory, 'verify-pack', join('.git/objects/pack', file));
  }
  expect(await git(directory, 'status', '--porcelain')).toBe('');
}

describe('a clone equals the one git makes', () => {
  test.each<[string, Partial<CloneOptions>, string[]]>([
    ['of the default branch', {}, ['--depth=1', '--single-branch']],
    ['with two commits', { depth: 2 }, ['--depth=2', '--single-branch']],
    ['with the whole history', { depth: 0 }, ['--single-branch']],
    ['without tags', { depth: 0, noTags: true }, ['--single-branch', '--no-tags']],
    ['of a branch', { branch: 'feature/x' }, ['--depth=1', '--single-branch', '--branch=feature/x']],
    ['of a branch with large files', { branch: 'large' }, ['--depth=1', '--single-branch', '--branch=large']],
    ['of all branches', { allBranches: true, depth: 0 }, []],
    ['of the tips of all branches', { allBranches: true }, ['--depth=1', '--no-single-branch']],
    ['of all branches without tags', { allBranches: true, depth: 0, noTags: true }, ['--no-tags']],
    ['of all branches, on one of them', { allBranches: true, depth: 0, branch: 'large' }, ['--branch=large']],
    ['of an annotated tag', { tag: 'v1.0.0' }, ['--depth=1', '--single-branch', '--branch=v1.0.0']],
    ['of a plain tag', { tag: 'light' }, ['--depth=1', '--single-branch', '--branch=light']],
    ['of a tag with its history', { tag: 'v1.1.0', depth: 0 }, ['--single-branch', '--branch=v1.1.0']],
    ['of a tag with all branches', { tag: 'tip', depth: 0, allBranches: true }, ['--branch=tip']],
  ])('%s', async (_, options, gitOptions) => {
    const theirs = place();
    await run('git', ['clone', '--quiet', ...gitOptions, storyUrl, theirs], { env: gitEnvironment });
    const ours = await clone(storyUrl, options);
    const expected = await facts(theirs);
    expect(await facts(ours.directory)).toEqual(expected);
    expect(ours.commit).toBe(expected.commit.trim());
    expect(ours.files).toBe(expected.index.trim().split('\n').length);
    await proveUsable(ours.directory);
  });
});

describe('a clone', () => {
  test('writes contents, modes and links', async () => {
    const { directory } = await clone(storyUrl);
    expect(await readFile(join(directory, 'flows/a.yml'), 'utf8')).toBe('id: a2\n');
    expect(await readFile(join(directory, 'ünï/cødé.yml'), 'utf8')).toBe('id: u\n');
    expect((await stat(join(directory, 'bin/run'))).mode & 0o111).not.toBe(0);
    expect((await stat(join(directory, 'README.md'))).mode & 0o111).toBe(0);
    expect(await readlink(join(directory, 'flows/up'))).toBe('../README.md');
  });

  test('over file:// is the same', async () => {
    const { directory } = await clone(pathToFileURL(story.path).href, { depth: 0 });
    await proveUsable(directory);
    expect((await git(directory, 'rev-list', '--count', 'HEAD')).trim()).toBe('3');
  });

  test('can be pulled into', async () => {
    const { repository, url } = await serve('pulled.git', { a: '1' });
    const { directory } = await clone(url);
    await repository.commit({ b: '2' });
    await git(directory, 'pull', '--quiet');
    expect(await readFile(join(directory, 'b'), 'utf8')).toBe('2');
    await git(directory, 'fetch', '--quiet', '--unshallow');
    await proveUsable(directory);
  });

  test.each([12, 40])('is detached at a commit given by %i digits', async (digits) => {
    const commit = (await story.git('rev-parse', 'main~1')).trim();
    const { directory, commit: cloned } = await clone(storyUrl, { commit: commit.slice(0, digits) });
    expect(cloned).toBe(commit);
    expect((await readFile(join(directory, '.git/HEAD'), 'utf8')).trim()).toBe(commit);
    expect(await git(directory, 'rev-list', '--count', 'HEAD')).toBe('1\n');
    await proveUsable(directory);
  });

  test('of a commit follows the branch that is named beside it', async () => {
    const commit = (await story.git('rev-parse', 'main~2')).trim();
    const { directory, commit: cloned } = await clone(storyUrl, { commit, branch: 'main', depth: 0 });
    expect(cloned).toBe(commit);
    expect(await git(directory, 'rev-parse', 'refs/remotes/origin/main')).toBe(
      await story.git('rev-parse', 'main'),
    );
    expect(await git(directory, 'rev-list', '--count', 'HEAD')).toBe('1\n');
    await proveUsable(directory);
  });

  test('finds the newest version in a range', async () => {
    const { directory, commit } = await clone(storyUrl, { semver: '^1.0.0' });
    expect(commit).toBe((await story.git('rev-parse', 'v1.1.0^{commit}')).trim());
    expect(await git(directory, 'tag')).toBe('v1.1.0\n');
  });

  test('of a repository without commits is empty, with a warning', async () => {
    const { repository, url } = await serve('empty.git');
    const warnings: string[] = [];
    const logger = {
      debug() {},
      info() {},
      warn: (_: object, message: string) => void warnings.push(message),
      error() {},
      child: () => logger,
    };
    const { directory, commit, files } = await clone(url, {}, { logger });
    expect([commit, files, warnings]).toEqual(['', 0, ['cloned a repository without commits']]);
    await writeFile(join(directory, 'first'), '1');
    await git(directory, 'add', '.');
    await git(directory, 'commit', '-q', '-m', 'first');
    await git(directory, 'push', '-q');
    expect(await repository.files()).toEqual({ first: '1' });
  });

  test('holds no credentials', async () => {
    const url = storyUrl.replace('://', '://ada:s3cret@');
    const { directory } = await clone(url, {}, { username: 'grace', password: 'hush' });
    expect(await readFile(join(directory, '.git/config'), 'utf8')).not.toMatch(/s3cret|hush|ada|grace/);
    expect((await git(directory, 'remote', 'get-url', 'origin')).trim()).toBe(storyUrl);
  });

  test('takes configuration along', async () => {
    const { directory } = await clone(storyUrl, {
      gitConfig: { 'user.name': 'Flow "Bot"', 'pull.rebase': true, 'core.bigFileThreshold': 1000 },
    });
    expect((await git(directory, 'config', 'user.name')).trim()).toBe('Flow "Bot"');
    expect((await git(directory, 'config', '--type=bool', 'pull.rebase')).trim()).toBe('true');
    await proveUsable(directory);
  });

  test('with configuration that runs commands is refused before anything is asked or written', async () => {
    const directory = place();
    const requests = server.requests.length;
    const cloning = clone(storyUrl, { directory, gitConfig: { 'core.sshCommand': 'evil' } });
    await expect(cloning).rejects.toMatchObject({ code: 'INVALID_PROPERTIES' });
    expect(server.requests).toHaveLength(requests);
    await expect(stat(directory)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('keeps submodules as empty directories', async () => {
    const { repository, url } = await serve('super.git', { a: '1' });
    const tip = (await repository.tip()) ?? '';
    const script = `commit refs/heads/main\ncommitter A <a@b.c> 1700000000 +0000\ndata 1\nm\nfrom ${tip}\nM 160000 ${'1'.repeat(40)} libs/sub\n`;
    await feedFastImport(repository, script);
    const { directory, files } = await clone(url);
    expect(files).toBe(2);
    expect(await readdir(join(directory, 'libs/sub'))).toEqual([]);
    expect(await git(directory, 'ls-files', '-s', 'libs')).toBe(`160000 ${'1'.repeat(40)} 0\tlibs/sub\n`);
    expect(await git(directory, 'status', '--porcelain')).toBe('');
  });

  test('keeps names that are not UTF-8', async () => {
    const { repository, url } = await serve('latin1.git', { a: '1' });
    const tip = (await repository.tip()) ?? '';
    const script = Buffer.concat([
      Buffer.from(`commit refs/heads/main\ncommitter A <a@b.c> 1700000000 +0000\ndata 1\nm\nfrom ${tip}\n`),
      Buffer.from('M 100644 inline d/caf\xe9\ndata 1\nx\n', 'latin1'),
    ]);
    await feedFastImport(repository, script);
    const { directory } = await clone(url);
    expect(await readdir(join(directory, 'd'), 'buffer')).toEqual([Buffer.from('caf\xe9', 'latin1')]);
    await proveUsable(directory);
  });

  test('reports its progress', async () => {
    const phases = new Set<string>();
    await clone(storyUrl, {}, { onProgress: ({ phase }) => phases.add(phase) });
    expect([...phases]).toEqual(['receive', 'checkout']);
  });

  test.each<[Partial<CloneOptions>, string]>([
    [{ branch: 'nope' }, 'BRANCH_NOT_FOUND'],
    [{ tag: 'nope' }, 'REVISION_NOT_FOUND'],
    [{ commit: '1'.repeat(40) }, 'REVISION_NOT_FOUND'],
    [{ commit: '12345678' }, 'REVISION_NOT_FOUND'],
    [{ commit: 'not hex' }, 'INVALID_PROPERTIES'],
    [{ tag: 'light', noTags: true }, 'INVALID_PROPERTIES'],
  ])('of %j fails and leaves nothing behind', async (options, code) => {
    const directory = place();
    await expect(clone(storyUrl, { directory, ...options })).rejects.toMatchObject({ code });
    await expect(stat(directory)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('of a commit falls back to the history where servers send only what refs point at', async () => {
    const commit = (await story.git('rev-parse', 'main~1')).trim();
    intercept = async (request, response) => {
      if (request.method !== 'POST') return false;
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks);
      if (!body.includes(`want ${commit}`)) return forward(request, response, body);
      response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' });
      response.end(`0045ERR upload-pack: not our ref ${commit}`);
      return true;
    };
    const { directory, commit: cloned } = await clone(storyUrl, { commit });
    expect(cloned).toBe(commit);
    intercept = null;
    await proveUsable(directory);
  });
});

describe('a directory that is not empty', () => {
  test('keeps its files, and takes those of the repository beside them', async () => {
    const directory = place();
    await mkdir(join(directory, 'flows'), { recursive: true });
    await writeFile(join(directory, 'mine.txt'), 'mine');
    await writeFile(join(directory, 'flows/mine.yml'), 'mine');
    await clone(storyUrl, { directory });
    expect(await readFile(join(directory, 'mine.txt'), 'utf8')).toBe('mine');
    expect(await git(directory, 'status', '--porcelain')).toBe('?? flows/mine.yml\n?? mine.txt\n');
    expect(await readFile(join(directory, 'flows/a.yml'), 'utf8')).toBe('id: a2\n');
  });

  test('may hold files with the same content already', async () => {
    const directory = place();
    await mkdir(join(directory, 'bin'), { recursive: true });
    await writeFile(join(directory, 'README.md'), '# Story\n');
    await writeFile(join(directory, 'bin/run'), '#!/bin/sh\n');
    await symlink('flows/a.yml', join(directory, 'latest.yml'));
    await clone(storyUrl, { directory });
    expect(await git(directory, 'status', '--porcelain')).toBe('');
  });

  test('is left alone when files stand in the way, and all of them are listed', async () => {
    const directory = place();
    await mkdir(join(directory, 'README.md'), { recursive: true });
    await mkdir(join(directory, 'bin'), { recursive: true });
    await writeFile(join(directory, 'bin/run'), 'other');
    await writeFile(join(directory, 'flows'), 'a file');
    await symlink(join(directory, 'bin'), join(directory, 'ünï'));
    await writeFile(join(directory, 'latest.yml'), 'no link');
    const before = await listing(directory);
    await expect(clone(storyUrl, { directory })).rejects.toMatchObject({
      code: 'CHECKOUT_CONFLICT',
      data: { paths: expect.arrayContaining(['README.md', 'bin/run', 'flows', 'latest.yml', 'ünï']) },
    });
    expect(await listing(directory)).toEqual(before);
  });

  test('that holds a repository is refused with a hint', async () => {
    const directory = place();
    await run('git', ['init', '-q', directory], { env: gitEnvironment });
    const before = await listing(directory);
    await expect(clone(storyUrl, { directory })).rejects.toMatchObject({
      code: 'INVALID_PROPERTIES',
      hint: expect.stringContaining('.git'),
    });
    expect(await listing(directory)).toEqual(before);
  });

  test('that is a file is refused', async () => {
    const directory = place();
    await writeFile(directory, 'x');
    await expect(clone(storyUrl, { directory })).rejects.toMatchObject({ code: 'INVALID_PROPERTIES' });
  });
});

describe('a clone that fails on its way', () => {
  const breakTransfer: Intercept = async (request, response) => {
    if (request.method !== 'POST') return false;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    if (!body.includes('command=fetch')) return forward(request, response, body);
    response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' });
    response.write('000dpackfile\n');
    response.end('0015\x01PACK\0\0\0\x02\0\0\0\x09garb');
    return true;
  };

  test('leaves no directory where there was none', async () => {
    const directory = join(place(), 'deep/down');
    intercept = breakTransfer;
    await expect(clone(storyUrl, { directory })).rejects.toMatchObject({
      code: expect.stringMatching(/CORRUPT_PACK|REMOTE_ERROR/),
    });
    await expect(stat(join(directory, '../..'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('leaves an empty directory empty', async () => {
    const directory = place();
    await mkdir(directory);
    intercept = breakTransfer;
    await expect(clone(storyUrl, { directory })).rejects.toThrow();
    expect(await readdir(directory)).toEqual([]);
  });

  test('leaves what a directory held', async () => {
    const directory = place();
    await mkdir(join(directory, 'flows'), { recursive: true });
    await writeFile(join(directory, 'flows/mine'), '1');
    intercept = breakTransfer;
    await expect(clone(storyUrl, { directory })).rejects.toThrow();
    expect(await listing(directory)).toEqual(['flows', 'flows/mine']);
  });

  test('because it was cancelled leaves nothing', async () => {
    const directory = place();
    const stop = new AbortController();
    const onProgress = () => stop.abort();
    const cloning = clone(storyUrl, { directory, depth: 0 }, { signal: stop.signal, onProgress });
    await expect(cloning).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(stat(directory)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('during the checkout takes back what it wrote', async () => {
    const directory = place();
    await mkdir(directory);
    await writeFile(join(directory, 'mine'), '1');
    const onProgress = ({ phase }: { phase: string }) => {
      if (phase === 'checkout') throw new Error('stop here');
    };
    await expect(clone(storyUrl, { directory }, { onProgress })).rejects.toThrow('stop here');
    expect(await listing(directory)).toEqual(['mine']);
  });
});

describe('a hostile repository', () => {
  test.each<[string, Record<string, { link: string } | string>]>([
    ['an absolute link', { a: { link: '/etc/passwd' } }],
    ['a link out of the clone', { 'd/a': { link: '../../x' } }],
    ['a link into .git', { a: { link: '.git/hooks' } }],
    ['links that lead out together', { 'd/e/up': { link: '../..' }, a: { link: 'd/e/up/../x' } }],
  ])('with %s is refused before a file is written', async (name, files) => {
    const { url } = await serve(`hostile-${name.replaceAll(/\W/g, '-')}.git`, { 'a-file': 'x', ...files });
    const directory = place();
    await mkdir(directory);
    await expect(clone(url, { directory })).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
    expect(await readdir(directory)).toEqual([]);
  });

  test.each([
    ['.git', '40000'],
    ['.GIT', '40000'],
    ['git~1', '40000'],
    ['..', '40000'],
    ['.git', '100644'],
    ['a/b', '100644'],
    ['.g\u200cit', '40000'],
  ])('with an entry %j is refused', async (name, mode) => {
    const { repository, url } = await serve(`tree-${places++}.git`, { 'sub/x': '1' });
    const oid = (await repository.git('rev-parse', mode === '40000' ? 'main:sub' : 'main:sub/x')).trim();
    await commitTree(repository, [[mode, name, oid]]);
    await expect(clone(url)).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
  });

  test('with a name for a link and a directory both is refused', async () => {
    const { repository, url } = await serve('twins.git', { 'a/x': '1', l: { link: 'README' } });
    const [directory, link] = (await repository.git('rev-parse', 'main:a', 'main:l')).trim().split('\n');
    await commitTree(repository, [
      ['120000', 'a', link ?? ''],
      ['40000', 'a', directory ?? ''],
    ]);
    await expect(clone(url)).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
  });

  test('writes nothing through a link that stands in the directory', async () => {
    const outside = place();
    const directory = place();
    await mkdir(outside);
    await mkdir(directory);
    await symlink(outside, join(directory, 'flows'));
    await expect(clone(storyUrl, { directory })).rejects.toMatchObject({ code: 'CHECKOUT_CONFLICT' });
    expect(await readdir(outside)).toEqual([]);
  });
});

async function listing(directory: string): Promise<string[]> {
  return (await readdir(directory, { recursive: true })).sort();
}

function feedFastImport(repository: BareRepository, script: string | Buffer): Promise<unknown> {
  const importing = run('git', ['-C', repository.path, 'fast-import', '--quiet', '--force'], {
    env: gitEnvironment,
  });
  importing.child.stdin?.end(script);
  return importing;
}

/** Makes a commit of a root tree that git itself would not write. */
async function commitTree(repository: BareRepository, entries: [mode: string, name: string, oid: string][]) {
  const lines = entries.map(([mode, name, oid]) =>
    Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(oid, 'hex')]),
  );
  const hashing = run('git', [
    '-C',
    repository.path,
    'hash-object',
    '--literally',
    '-w',
    '-t',
    'tree',
    '--stdin',
  ]);
  hashing.child.stdin?.end(Buffer.concat(lines));
  const commit = await repository.git('commit-tree', (await hashing).stdout.trim(), '-m', 'hostile');
  await repository.git('update-ref', 'refs/heads/main', commit.trim());
}

/** Lets git answer a request whose body has been read already. */
async function forward(request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<true> {
  const name = /^\/([^/]+)\//.exec(request.url ?? '')?.[1] ?? '';
  const env = { ...gitEnvironment, GIT_PROTOCOL: String(request.headers['git-protocol'] ?? '') };
  const options = { env, encoding: 'buffer', maxBuffer: 1 << 28 } as const;
  const serving = run('git', ['upload-pack', '--stateless-rpc', join(temporary.path, name)], options);
  serving.child.stdin?.end(body);
  response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' });
  response.end((await serving).stdout);
  return true;
}
