import { execFile } from 'node:child_process';
import { readdir, readFile, readlink, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { CloneOptions } from '../../../src/git/index.js';
import { type BareRepository, gitEnvironment } from '../../support/bare-repository.js';
import { readBody } from '../../support/served-repositories.js';
import { feedFastImport, git, StoryClones } from '../../support/story-clones.js';

const served = new StoryClones();

const run = promisify(execFile);

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
    const theirs = served.place();
    await run('git', ['clone', '--quiet', ...gitOptions, served.storyUrl, theirs], { env: gitEnvironment });
    const ours = await served.clone(served.storyUrl, options);
    const expected = await facts(theirs);
    expect(await facts(ours.directory)).toEqual(expected);
    expect(ours.commit).toBe(expected.commit.trim());
    expect(ours.files).toBe(expected.index.trim().split('\n').length);
    await proveUsable(ours.directory);
  });
});

describe('a clone', () => {
  test('writes contents, modes and links', async () => {
    const { directory } = await served.clone(served.storyUrl);
    expect(await readFile(join(directory, 'flows/a.yml'), 'utf8')).toBe('id: a2\n');
    expect(await readFile(join(directory, 'ünï/cødé.yml'), 'utf8')).toBe('id: u\n');
    expect((await stat(join(directory, 'bin/run'))).mode & 0o111).not.toBe(0);
    expect((await stat(join(directory, 'README.md'))).mode & 0o111).toBe(0);
    expect(await readlink(join(directory, 'flows/up'))).toBe('../README.md');
  });

  test('over file:// is the same', async () => {
    const { directory } = await served.clone(pathToFileURL(served.story.path).href, { depth: 0 });
    await proveUsable(directory);
    expect((await git(directory, 'rev-list', '--count', 'HEAD')).trim()).toBe('3');
  });

  test('can be pulled into', async () => {
    const { repository, url } = await served.create({ a: '1' });
    const { directory } = await served.clone(url);
    await repository.commit({ b: '2' });
    await git(directory, 'pull', '--quiet');
    expect(await readFile(join(directory, 'b'), 'utf8')).toBe('2');
    await git(directory, 'fetch', '--quiet', '--unshallow');
    await proveUsable(directory);
  });

  test.each([12, 40])('is detached at a commit given by %i digits', async (digits) => {
    const commit = (await served.story.git('rev-parse', 'main~1')).trim();
    const { directory, commit: cloned } = await served.clone(served.storyUrl, {
      commit: commit.slice(0, digits),
    });
    expect(cloned).toBe(commit);
    expect((await readFile(join(directory, '.git/HEAD'), 'utf8')).trim()).toBe(commit);
    expect(await git(directory, 'rev-list', '--count', 'HEAD')).toBe('1\n');
    await proveUsable(directory);
  });

  test('of a commit follows the branch that is named beside it', async () => {
    const commit = (await served.story.git('rev-parse', 'main~2')).trim();
    const { directory, commit: cloned } = await served.clone(served.storyUrl, {
      commit,
      branch: 'main',
      depth: 0,
    });
    expect(cloned).toBe(commit);
    expect(await git(directory, 'rev-parse', 'refs/remotes/origin/main')).toBe(
      await served.story.git('rev-parse', 'main'),
    );
    expect(await git(directory, 'rev-list', '--count', 'HEAD')).toBe('1\n');
    await proveUsable(directory);
  });

  test('finds the newest version in a range', async () => {
    const { directory, commit } = await served.clone(served.storyUrl, { semver: '^1.0.0' });
    expect(commit).toBe((await served.story.git('rev-parse', 'v1.1.0^{commit}')).trim());
    expect(await git(directory, 'tag')).toBe('v1.1.0\n');
  });

  test('of a repository without commits is empty, with a warning', async () => {
    const { repository, url } = await served.create();
    const warnings: string[] = [];
    const logger = {
      debug() {},
      info() {},
      warn: (_: object, message: string) => void warnings.push(message),
      error() {},
      child: () => logger,
    };
    const { directory, commit, files } = await served.clone(url, {}, { logger });
    expect([commit, files, warnings]).toEqual(['', 0, ['cloned a repository without commits']]);
    await writeFile(join(directory, 'first'), '1');
    await git(directory, 'add', '.');
    await git(directory, 'commit', '-q', '-m', 'first');
    await git(directory, 'push', '-q');
    expect(await repository.files()).toEqual({ first: '1' });
  });

  test('of a repository without commits is on the branch that is to come first', async () => {
    const { repository, url } = await served.create();
    await repository.git('symbolic-ref', 'HEAD', 'refs/heads/team/trunk');
    const { directory } = await served.clone(url);
    const theirs = served.place();
    await run('git', ['clone', '--quiet', url, theirs], { env: gitEnvironment });
    for (const clone of [directory, theirs]) {
      expect(await readFile(join(clone, '.git/HEAD'), 'utf8')).toBe('ref: refs/heads/team/trunk\n');
      expect(await git(clone, 'config', 'branch.team/trunk.merge')).toBe('refs/heads/team/trunk\n');
    }
  });

  test.each<[string, (repository: BareRepository) => Promise<unknown>]>([
    ['does not tell', (repository) => repository.git('config', 'lsrefs.unborn', 'ignore')],
    ['speaks an older protocol', async () => {}],
    ['names no branch', (repository) => repository.git('symbolic-ref', 'HEAD', 'refs/elsewhere/x')],
  ])('of a repository without commits is on main where the server %s', async (why, prepare) => {
    const { repository, url } = await served.create();
    await repository.git('symbolic-ref', 'HEAD', 'refs/heads/trunk');
    await prepare(repository);
    served.intercept = (request) => {
      if (why === 'speaks an older protocol') delete request.headers['git-protocol'];
      return false;
    };
    const { directory } = await served.clone(url);
    expect(await readFile(join(directory, '.git/HEAD'), 'utf8')).toBe('ref: refs/heads/main\n');
  });

  test('holds no credentials', async () => {
    const url = served.storyUrl.replace('://', '://ada:s3cret@');
    const { directory } = await served.clone(url, {}, { username: 'grace', password: 'hush' });
    expect(await readFile(join(directory, '.git/config'), 'utf8')).not.toMatch(/s3cret|hush|ada|grace/);
    expect((await git(directory, 'remote', 'get-url', 'origin')).trim()).toBe(served.storyUrl);
  });

  test('takes configuration along', async () => {
    const { directory } = await served.clone(served.storyUrl, {
      gitConfig: { 'user.name': 'Flow "Bot"', 'pull.rebase': true, 'core.bigFileThreshold': 1000 },
    });
    expect((await git(directory, 'config', 'user.name')).trim()).toBe('Flow "Bot"');
    expect((await git(directory, 'config', '--type=bool', 'pull.rebase')).trim()).toBe('true');
    await proveUsable(directory);
  });

  test('with configuration that runs commands is refused before anything is asked or written', async () => {
    const directory = served.place();
    const requests = served.requests.length;
    const cloning = served.clone(served.storyUrl, { directory, gitConfig: { 'core.sshCommand': 'evil' } });
    await expect(cloning).rejects.toMatchObject({ code: 'INVALID_PROPERTIES' });
    expect(served.requests).toHaveLength(requests);
    await expect(stat(directory)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('keeps submodules as empty directories', async () => {
    const { repository, url } = await served.create({ a: '1' });
    const tip = (await repository.tip()) ?? '';
    const script = `commit refs/heads/main\ncommitter A <a@b.c> 1700000000 +0000\ndata 1\nm\nfrom ${tip}\nM 160000 ${'1'.repeat(40)} libs/sub\n`;
    await feedFastImport(repository, script);
    const { directory, files } = await served.clone(url);
    expect(files).toBe(2);
    expect(await readdir(join(directory, 'libs/sub'))).toEqual([]);
    expect(await git(directory, 'ls-files', '-s', 'libs')).toBe(`160000 ${'1'.repeat(40)} 0\tlibs/sub\n`);
    expect(await git(directory, 'status', '--porcelain')).toBe('');
  });

  test('keeps names that are not UTF-8', async () => {
    const { repository, url } = await served.create({ a: '1' });
    const tip = (await repository.tip()) ?? '';
    const script = Buffer.concat([
      Buffer.from(`commit refs/heads/main\ncommitter A <a@b.c> 1700000000 +0000\ndata 1\nm\nfrom ${tip}\n`),
      Buffer.from('M 100644 inline d/caf\xe9\ndata 1\nx\n', 'latin1'),
    ]);
    await feedFastImport(repository, script);
    const { directory } = await served.clone(url);
    expect(await readdir(join(directory, 'd'), 'buffer')).toEqual([Buffer.from('caf\xe9', 'latin1')]);
    await proveUsable(directory);
  });

  test('reports its progress', async () => {
    const phases = new Set<string>();
    await served.clone(served.storyUrl, {}, { onProgress: ({ phase }) => phases.add(phase) });
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
    const directory = served.place();
    await expect(served.clone(served.storyUrl, { directory, ...options })).rejects.toMatchObject({ code });
    await expect(stat(directory)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('of a branch that is not there names the branches that are', async () => {
    await expect(served.clone(served.storyUrl, { branch: 'nope' })).rejects.toMatchObject({
      code: 'BRANCH_NOT_FOUND',
      data: { branch: 'nope', branches: ['feature/x', 'large', 'main'] },
    });
  });

  test.each([
    ['tree', 'main^{tree}'],
    ['blob', 'main:a'],
  ])('of a tag that names a %s says so', async (type, what) => {
    const { repository, url } = await served.create({ a: '1' });
    await repository.git('tag', 'plain', what);
    await repository.git('tag', '-a', '-m', 'm', 'annotated', what);
    for (const tag of ['plain', 'annotated']) {
      await expect(served.clone(url, { tag })).rejects.toMatchObject({
        code: 'REVISION_NOT_FOUND',
        message: expect.stringContaining(`"${tag}" of ${url} names a ${type}`),
      });
    }
    const oid = (await repository.git('rev-parse', what)).trim();
    await expect(served.clone(url, { commit: oid })).rejects.toMatchObject({ code: 'REVISION_NOT_FOUND' });
  });

  test('of a commit falls back to the history where servers send only what refs point at', async () => {
    const commit = (await served.story.git('rev-parse', 'main~1')).trim();
    served.intercept = async (request, response) => {
      if (request.method !== 'POST') return false;
      const body = await readBody(request);
      if (!body.includes(`want ${commit}`)) return served.answer(request, response, body);
      response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' });
      response.end(`0045ERR upload-pack: not our ref ${commit}`);
      return true;
    };
    const { directory, commit: cloned } = await served.clone(served.storyUrl, { commit });
    expect(cloned).toBe(commit);
    served.intercept = null;
    await proveUsable(directory);
  });
});
