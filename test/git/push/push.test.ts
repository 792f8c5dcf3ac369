import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { TransferProgress } from '../../../src/git/index.js';
import { author, push, remove, write } from '../../support/push.js';
import { ServedRepositories } from '../../support/served-repositories.js';

const served = new ServedRepositories();

describe('a push', () => {
  test('adds a commit to the branch, and nothing else changes', async () => {
    const { repository, url } = await served.create({
      'README.md': '# hi\n',
      '_flows/a.yml': 'id: a\n',
      'x/y/z': 'z',
    });
    const before = await repository.tip();
    const { commit, remoteMessages } = await push(served.connect(url), [
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
    const { url } = await served.create({ '_flows/a.yml': 'id: a\n', 'other/b': 'b' });
    const requests = served.requests.length;
    await push(served.connect(url), [write('_flows/b.yml', 'id: b\n')], { path: '_flows' });
    const asked = served.requests
      .slice(requests)
      .map(({ method, path }) => `${method} ${path.split('/').at(-1)}`);
    expect(asked.filter((request) => request.endsWith('receive-pack'))).toEqual([
      'GET refs?service=git-receive-pack',
      'POST git-receive-pack',
    ]);
  });

  test('that was announced asks who may write no second time, however often it was announced', async () => {
    const { repository, url } = await served.create({ a: '1' });
    const requests = served.requests.length;
    const remote = served.connect(url);
    for (const text of ['2', '3']) {
      const base = await remote.openForPush('main', { path: '', contents: 'none' });
      remote.expectPush();
      remote.expectPush();
      await remote.push(base, { changes: [write('a', text)], message: 'm', author });
    }
    const asked = served.requests.slice(requests).filter(({ path }) => path.endsWith('receive-pack'));
    expect(asked.map(({ method }) => method)).toEqual(['GET', 'POST', 'GET', 'POST']);
    expect(await repository.files()).toEqual({ a: '3' });
  });

  test('that was announced with its changes commits what it is given in the end', async () => {
    const { repository, url } = await served.create({ 'a/1': '1', 'b/2': '2', c: '3' });
    const remote = served.connect(url);
    const planned = [write('a/1', 'planned'), write('d/new', 'new')];
    let base = await remote.openForPush('main', { path: '', contents: 'none' });
    remote.expectPush();
    remote.expectPush({ base, changes: planned });
    await remote.push(base, { changes: planned, message: 'as planned', author });
    expect(await repository.files()).toEqual({ 'a/1': 'planned', 'b/2': '2', c: '3', 'd/new': 'new' });

    base = await remote.openForPush('main', { path: '', contents: 'none' });
    remote.expectPush({ base, changes: planned });
    await remote.push(base, { changes: [write('b/2', 'other')], message: 'another', author });
    expect(await repository.files()).toEqual({ 'a/1': 'planned', 'b/2': 'other', c: '3', 'd/new': 'new' });

    // What was planned on a base that is out of date.
    const again = [write('c', 'again')];
    remote.expectPush({ base, changes: again });
    base = await remote.openForPush('main', { path: '', contents: 'none' });
    await remote.push(base, { changes: again, message: 'anew', author });
    expect(await repository.files()).toMatchObject({ 'b/2': 'other', c: 'again' });
    await repository.fsck();
  });

  test('that was announced with changes it cannot make fails when it comes, and not before', async () => {
    const { url } = await served.create({ a: '1' });
    const remote = served.connect(url);
    const base = await remote.openForPush('main', { path: '', contents: 'none' });
    const changes = [write('b/.git/config', 'x')];
    remote.expectPush({ base, changes });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await expect(remote.push(base, { changes, message: 'm', author })).rejects.toMatchObject({
      code: 'UNSAFE_PATH',
    });
  });

  test('that was announced and does not come leaves nothing behind, not even a failure', async () => {
    const remote = served.connect(`${new URL('/nowhere.git', (await served.create({ a: '1' })).url)}`);
    remote.expectPush();
    await remote.close();
  });

  test('may touch directories outside of the one that was opened', async () => {
    const { repository, url } = await served.create({
      '_flows/a.yml': 'id: a\n',
      'other/deep/b': 'b',
      'other/c': 'c',
    });
    await push(served.connect(url), [write('other/deep/d', 'd')], { path: '_flows' });
    expect(Object.keys(await repository.files())).toEqual([
      '_flows/a.yml',
      'other/c',
      'other/deep/b',
      'other/deep/d',
    ]);
    await repository.fsck();
  });

  test('makes the first commit of an empty repository', async () => {
    const { repository, url } = await served.create();
    const remote = served.connect(url);
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
    const { repository, url } = await served.create({ a: '1' });
    const main = await repository.tip();
    const remote = served.connect(url);
    const base = await remote.openForPush('feature/x', { path: '', contents: 'none' });
    expect(base).toMatchObject({ branch: 'feature/x', tip: null, snapshot: { commit: main } });
    const { commit } = await remote.push(base, { changes: [write('b', '2')], message: 'b', author });
    expect(await repository.tip('feature/x')).toBe(commit);
    expect(await repository.tip('main')).toBe(main);
    expect(await repository.files('feature/x')).toEqual({ a: '1', b: '2' });
    await repository.fsck();
  });

  test('over file:// does the same', async () => {
    const { repository } = await served.create({ a: '1' });
    const { commit } = await push(served.connect(pathToFileURL(repository.path).href), [write('b', '2')]);
    expect(await repository.tip()).toBe(commit);
    await repository.fsck();
  });

  test('without a difference makes no commit, no branch and no request', async () => {
    const { repository, url } = await served.create({ 'd/a': '1' });
    const remote = served.connect(url);
    const base = await remote.openForPush('new', { path: '', contents: 'none' });
    await base.snapshot?.list('');
    const requests = served.requests.length;
    const same = { changes: [write('d/a', '1'), remove('d/gone'), remove('no/such')], message: 'x', author };
    expect(await remote.push(base, same)).toEqual({ commit: null, remoteMessages: [] });
    expect(served.requests).toHaveLength(requests);
    expect(await repository.tip('new')).toBeNull();
  });

  test('of nothing to an empty repository makes no commit', async () => {
    const { url } = await served.create();
    expect(await push(served.connect(url), [remove('a')])).toEqual({ commit: null, remoteMessages: [] });
  });

  test('of many files comes in one pack that git accepts', async () => {
    const { repository, url } = await served.create({ a: '1' });
    const changes = Array.from({ length: 1500 }, (_, index) => {
      const noise = Array.from({ length: 60 }, (_, line) => `${line}: ${Math.sin(index * 99 + line)}`);
      return write(`flows/${index % 7}/f${index}.yml`, noise.join('\n'));
    });
    await push(served.connect(url), changes);
    expect((await repository.git('ls-tree', '-r', '--name-only', 'main')).trim().split('\n')).toHaveLength(
      1501,
    );
    await repository.fsck();
  });

  test('signs a commit where git finds the signature', async () => {
    const { repository, url } = await served.create({ a: '1' });
    const remote = served.connect(url);
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

  test('reports what it sends', async () => {
    const { url } = await served.create({ a: '1' });
    const sent: unknown[] = [];
    const onProgress = (event: TransferProgress) => event.phase === 'send' && sent.push(event);
    await push(served.connect(url, { onProgress }), [write('b', '2'), write('c/d', '3')]);
    const total = 5; // the commit, two trees, two files
    expect(sent).toEqual([
      { phase: 'send', done: 0, total },
      { phase: 'send', done: total, total },
    ]);
  });
});
