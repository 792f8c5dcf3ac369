import { afterEach, describe, expect, it } from 'vitest';
import type { Plan } from '../../src/plan/plan.js';
import { createRunContext } from '../../src/runtime/create-context.js';
import { PushFlows } from '../../tasks/push-flows.js';
import { PushNamespaceFiles } from '../../tasks/push-namespace-files.js';
import { SyncFlows } from '../../tasks/sync-flows.js';
import { SyncNamespaceFiles } from '../../tasks/sync-namespace-files.js';
import type { Files } from '../support/bare-repository.js';
import { contents, createWorld, fill, removeReceipts, rows, type World } from '../support/world.js';

let world: World;
afterEach(() => world.close());

const flow = (namespace: string, first: string, last: string, id = 'a') =>
  `id: ${id}\nnamespace: ${namespace}\n\ntasks:\n  - id: first\n    type: core.log.Log\n    message: ${first}\n\n` +
  `  - id: last\n    type: core.log.Log\n    message: ${last}\n`;

/** Git says `git.flows`, storage `prod`: what is merged is never the namespace. */
const inGit = (first: string, last: string) => flow('git.flows', first, last);
const stored = (first: string, last: string) => flow('prod', first, last);

type Policy = Pick<ConstructorParameters<typeof SyncFlows>[0], 'onConflict' | 'delete' | 'dryRun'>;
const sync = (policy: Policy = {}, context = world.context) =>
  new SyncFlows({ url: world.url, targetNamespace: 'prod', ...policy }).run(context);
const push = (policy: Policy = {}) =>
  new PushFlows({ url: world.url, sourceNamespace: 'prod', targetNamespace: 'git.flows', ...policy }).run(
    world.context,
  );
const syncFiles = (policy: Policy = {}) =>
  new SyncNamespaceFiles({ url: world.url, namespace: 'prod', ...policy }).run(world.context);
const pushFiles = (policy: Policy = {}) =>
  new PushNamespaceFiles({ url: world.url, namespace: 'prod', ...policy }).run(world.context);

async function start(files: Files) {
  world = await createWorld({ files });
}
const edit = (resources: Record<string, string | Uint8Array>) => fill(world.storage, resources);
async function remove(namespace: string, id: string, kind: 'flow' | 'file' = 'flow') {
  const key = { kind, namespace, id };
  const [present] = await world.storage.read([key]);
  await world.storage.apply({ changes: [{ action: 'delete', key, expectedOid: present?.oid ?? '' }] });
}

describe('a sync whose target changed too', () => {
  const changedBoth = async (edited = stored('one', 'theirs')) => {
    await start({ '_flows/a.yml': inGit('one', 'two') });
    await sync();
    await edit({ 'prod/a': edited });
    await world.repository.commit({ '_flows/a.yml': inGit('ours', 'two') });
  };

  it('shows what each side made of it, and leaves it run after run', async () => {
    await changedBoth();
    for (let run = 0; run < 2; run++) {
      const output = await sync({ onConflict: 'SKIP' });
      const [row] = await rows(world.context, output.flows);
      expect(row).toMatchObject({ syncState: 'CONFLICT', note: 'changed on both sides' });
      const hunks = (row as { hunks: { source: string; target: string } }).hunks;
      expect(hunks.source).toContain('-    message: one\n+    message: ours\n');
      expect(hunks.target).toContain('-    message: two\n+    message: theirs\n');
      expect(`${hunks.source}${hunks.target}`).not.toContain('namespace: git.flows');
      expect(await contents(world.storage)).toEqual({ 'prod/a': stored('one', 'theirs') });
    }
  });

  it('shows the conflicts that stop it as a plan', async () => {
    await changedBoth();
    const plans: Plan[] = [];
    const context = createRunContext({ ...world.context, onPlan: (plan) => plans.push(plan) });
    await expect(sync({ onConflict: 'FAIL' }, context)).rejects.toMatchObject({
      code: 'CONFLICT',
      data: { hunks: { 'flow prod/a': { source: expect.stringContaining('+    message: ours') } } },
    });
    expect(
      plans.map(({ document }) => document.changes.map(({ state, key }) => `${state} ${key.id}`)),
    ).toEqual([['CONFLICT a']]);
  });

  it('merges both, is then in agreement, and a push brings the merged flow to git', async () => {
    await changedBoth();
    const output = await sync({ onConflict: 'MERGE' });
    expect(await rows(world.context, output.flows)).toMatchObject([{ syncState: 'UPDATED', merged: true }]);
    expect(await contents(world.storage)).toEqual({ 'prod/a': stored('ours', 'theirs') });

    world.storage.apply = () => Promise.reject(new Error('a second run writes nothing'));
    const again = await sync({ onConflict: 'MERGE' });
    expect(again.summary).toMatchObject({ unchanged: 1, updated: 0 });
    expect(await rows(world.context, again.flows)).toEqual([
      { gitPath: '_flows/a.yml', syncState: 'UNCHANGED', flowId: 'a', namespace: 'prod', revision: 3 },
    ]);
    Reflect.deleteProperty(world.storage, 'apply');
  });

  it('pushes what was merged as an ordinary update', async () => {
    await changedBoth();
    await sync({ onConflict: 'MERGE' });
    const pushed = await push({ onConflict: 'FAIL' });
    expect(pushed.summary).toMatchObject({ updated: 1, overwritten: 0, conflicted: 0 });
    expect(await world.repository.files()).toEqual({ '_flows/a.yml': inGit('ours', 'theirs') });
    expect((await sync({ onConflict: 'MERGE' })).summary).toMatchObject({ unchanged: 1 });
    expect(await contents(world.storage)).toEqual({ 'prod/a': stored('ours', 'theirs') });
  });

  it('merges again upon what it merged, reverted edits included', async () => {
    await changedBoth();
    await sync({ onConflict: 'MERGE' });
    await edit({ 'prod/a': stored('ours', 'two') });
    await world.repository.commit({ '_flows/a.yml': inGit('later', 'two') });
    await sync({ onConflict: 'MERGE' });
    expect(await contents(world.storage)).toEqual({ 'prod/a': stored('later', 'two') });
  });

  it('gives git’s form back when merging is over', async () => {
    await changedBoth();
    await sync({ onConflict: 'MERGE' });
    expect((await sync({ onConflict: 'SOURCE' })).summary).toMatchObject({ updated: 1 });
    expect(await contents(world.storage)).toEqual({ 'prod/a': stored('ours', 'two') });
  });

  it('fails when both changed the same lines, and says which', async () => {
    await changedBoth(stored('mine', 'two'));
    await expect(sync({ onConflict: 'MERGE' })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(
        "flow prod/a (changed on both sides: both sides changed line 7 of the target's copy)",
      ),
    });
    expect(await contents(world.storage)).toEqual({ 'prod/a': stored('mine', 'two') });
  });

  it('does not merge two valid flows into an invalid one', async () => {
    const list = (...ids: string[]) =>
      `id: a\nnamespace: prod\ntasks:\n${ids.map((id) => `  - id: ${id}\n    type: core.log.Log\n    message: ${id}\n`).join('')}`;
    await start({ '_flows/a.yml': list('one', 'two', 'three', 'four') });
    await sync();
    await edit({ 'prod/a': `inputs: []\n${list('one', 'two', 'three', 'four')}` });
    await world.repository.commit({ '_flows/a.yml': `${list('one', 'two', 'three', 'four')}inputs: []\n` });
    await expect(sync({ onConflict: 'MERGE' })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('merged, it is not a valid flow'),
    });
  });

  it('keeps what only storage changed or removed when it merges', async () => {
    await start({ '_flows/a.yml': inGit('1', '2'), '_flows/b.yml': flow('git.flows', '1', '2', 'b') });
    await sync();
    await edit({ 'prod/a': stored('1', 'mine') });
    await remove('prod', 'b');
    for (let run = 0; run < 2; run++) {
      const output = await sync({ onConflict: 'MERGE' });
      expect(
        (await rows(world.context, output.flows)).map(({ syncState, note }) => [syncState, note]),
      ).toEqual([
        ['UNCHANGED', 'changed in the target alone, left as it is'],
        ['UNCHANGED', 'deleted in the target alone, left as it is'],
      ]);
      expect(await contents(world.storage)).toEqual({ 'prod/a': stored('1', 'mine') });
    }
    await world.repository.commit({ '_flows/a.yml': inGit('git', '2') });
    await sync({ onConflict: 'MERGE' });
    expect(await contents(world.storage)).toEqual({ 'prod/a': stored('git', 'mine') });
  });

  it('takes a deletion on one side and a change on the other for a conflict', async () => {
    await start({ '_flows/a.yml': inGit('1', '2'), '_flows/b.yml': flow('git.flows', '1', '2', 'b') });
    await sync();
    await edit({ 'prod/a': stored('1', 'mine') });
    await remove('prod', 'b');
    await world.repository.commit({ '_flows/a.yml': null, '_flows/b.yml': flow('git.flows', '1', '3', 'b') });
    await expect(sync({ onConflict: 'MERGE', delete: true })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringMatching(
        /flow prod\/a \(deleted in the source, changed in the target: .*flow prod\/b \(changed in the source, deleted in the target/,
      ),
    });
    for (let run = 0; run < 2; run++) {
      expect((await sync({ onConflict: 'SKIP', delete: true })).summary).toMatchObject({ conflicted: 2 });
    }
    expect(await contents(world.storage)).toEqual({ 'prod/a': stored('1', 'mine') });
  });

  it.each(['FAIL', 'SKIP'] as const)(
    '%s holds for what only a run of the other direction has seen',
    async (onConflict) => {
      await start({ '_flows/a.yml': inGit('1', '2') });
      await sync();
      await push();
      await edit({ 'prod/b': flow('prod', '1', '2', 'b'), 'prod/c': flow('prod', '1', '2', 'c') });
      await push();
      await world.repository.commit({
        '_flows/b.yml': flow('git.flows', 'git', '2', 'b'),
        '_flows/c.yml': null,
      });
      await edit({ 'prod/b': flow('prod', '1', 'mine', 'b'), 'prod/c': flow('prod', '1', 'mine', 'c') });
      const before = await contents(world.storage);
      const done = sync({ onConflict, delete: true });
      if (onConflict === 'FAIL') await expect(done).rejects.toMatchObject({ code: 'CONFLICT' });
      else expect((await done).summary).toMatchObject({ conflicted: 2, updated: 0, deleted: 0 });
      expect(await contents(world.storage)).toEqual(before);

      const files = await world.repository.files();
      await world.repository.commit({ '_flows/d.yml': flow('git.flows', '1', '2', 'd') });
      await sync({ onConflict: 'SKIP' });
      await world.repository.commit({ '_flows/d.yml': flow('git.flows', 'git', '2', 'd') });
      await edit({ 'prod/d': flow('prod', '1', 'mine', 'd') });
      const pushed = push({ onConflict });
      if (onConflict === 'FAIL') await expect(pushed).rejects.toMatchObject({ code: 'CONFLICT' });
      else await pushed;
      expect(await world.repository.files()).toEqual({
        ...files,
        '_flows/d.yml': flow('git.flows', 'git', '2', 'd'),
      });
    },
  );

  it('does not guess a first merge, and knows what a push left', async () => {
    await start({ '_flows/a.yml': inGit('1', '2') });
    await edit({ 'prod/a': stored('1', 'mine') });
    await expect(sync({ onConflict: 'MERGE' })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('no earlier run says what they had in common'),
    });
    await push();
    await world.repository.commit({ '_flows/a.yml': inGit('git', 'mine') });
    await edit({ 'prod/a': stored('1', 'again') });
    await sync({ onConflict: 'MERGE' });
    expect(await contents(world.storage)).toEqual({ 'prod/a': stored('git', 'again') });
  });

  it.each([true, false])(
    'leaves removed what only storage removed, with a short cut: %s',
    async (shortened) => {
      await start({ '_flows/a.yml': inGit('1', '2') });
      await sync({ onConflict: 'MERGE' });
      await edit({ 'prod/b': flow('prod', '1', '2', 'b') });
      await push();
      await remove('prod', 'b');
      if (!shortened) await removeReceipts(world.storage);
      expect((await sync({ onConflict: 'MERGE' })).summary).toMatchObject({ added: 0, unchanged: 2 });
      expect(Object.keys(await contents(world.storage))).toEqual(['prod/a']);
      await push({ delete: true });
      expect(Object.keys(await world.repository.files())).toEqual(['_flows/a.yml']);
    },
  );

  it.each([true, false])('brings back what git has again, with a short cut: %s', async (shortened) => {
    const b = flow('git.flows', '1', '2', 'b');
    await start({ '_flows/a.yml': inGit('1', '2'), '_flows/b.yml': b });
    const merge = async () => (await sync({ onConflict: 'MERGE', delete: true })).summary;
    await merge();
    await push();
    await world.repository.commit({ '_flows/b.yml': null });
    expect(await merge()).toMatchObject({ unchanged: 1, deleted: 1 });
    expect(await merge()).toMatchObject({ unchanged: 1, deleted: 0 });
    if (!shortened) await removeReceipts(world.storage);
    await world.repository.commit({ '_flows/b.yml': b });
    expect(await merge()).toMatchObject({ added: 1, unchanged: 1 });
    await push({ delete: true });
    expect(Object.keys(await contents(world.storage))).toEqual(['prod/a', 'prod/b']);
    expect(Object.keys(await world.repository.files())).toEqual(['_flows/a.yml', '_flows/b.yml']);
  });

  it('merges text files and no binary ones', async () => {
    const text = (a: string, b: string) => `${a}\n1\n2\n3\n${b}\n`;
    await start({ '_files/t.txt': text('a', 'b') });
    await syncFiles();
    await edit({ 'prod:t.txt': text('a', 'B') });
    await world.repository.commit({ '_files/t.txt': text('A', 'b') });
    await syncFiles({ onConflict: 'MERGE' });
    expect(await contents(world.storage, 'file')).toEqual({ 'prod:t.txt': text('A', 'B') });
    expect((await syncFiles({ onConflict: 'MERGE' })).summary).toMatchObject({ unchanged: 1 });

    await world.repository.commit({ '_files/x.bin': Buffer.from([0, 1]) });
    await syncFiles();
    await edit({ 'prod:x.bin': Buffer.from([0, 2]) });
    await world.repository.commit({ '_files/x.bin': Buffer.from([0, 3]) });
    await expect(syncFiles({ onConflict: 'MERGE' })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('prod/x.bin (changed on both sides: it is binary'),
    });
  });
});

describe('a push whose target changed too', () => {
  it('merges both into git, and again upon that', async () => {
    await start({});
    await edit({ 'prod/a': stored('1', '2') });
    await push();
    await world.repository.commit({ '_flows/a.yml': inGit('git', '2') });
    await edit({ 'prod/a': stored('1', 'mine') });
    expect((await push({ onConflict: 'MERGE' })).summary).toMatchObject({ updated: 1 });
    expect(await world.repository.files()).toEqual({ '_flows/a.yml': inGit('git', 'mine') });
    expect(await contents(world.storage)).toEqual({ 'prod/a': stored('1', 'mine') });
    expect(await push({ onConflict: 'MERGE' })).toMatchObject({ commitId: null });

    // What storage takes back is taken back in git, and nothing else is.
    await edit({ 'prod/a': stored('1', '2') });
    await push({ onConflict: 'MERGE' });
    expect(await world.repository.files()).toEqual({ '_flows/a.yml': inGit('git', '2') });
  });

  it('merges what a sync took over and storage changed further, and loses no revert', async () => {
    await start({});
    await edit({ 'prod/a': stored('1', '2') });
    await push();
    await world.repository.commit({ '_flows/a.yml': inGit('git', '2') });
    await sync();
    await edit({ 'prod/a': stored('git', 'mine') });
    expect((await push({ onConflict: 'MERGE' })).summary).toMatchObject({ updated: 1 });
    expect(await world.repository.files()).toEqual({ '_flows/a.yml': inGit('git', 'mine') });

    // Storage goes back to what an earlier push saw; git has gone on.
    await edit({ 'prod/a': stored('git', '2') });
    await push();
    await edit({ 'prod/a': stored('git', 'mine') });
    await world.repository.commit({ '_flows/a.yml': inGit('later', '2') });
    expect((await sync({ onConflict: 'SKIP' })).summary).toMatchObject({ conflicted: 1 });
  });

  it('brings back what storage has again', async () => {
    await start({ '_flows/a.yml': inGit('1', '2'), '_flows/b.yml': flow('git.flows', '1', '2', 'b') });
    await sync();
    await push({ onConflict: 'MERGE', delete: true });
    await remove('prod', 'b');
    await push({ onConflict: 'MERGE', delete: true });
    expect(Object.keys(await world.repository.files())).toEqual(['_flows/a.yml']);
    await edit({ 'prod/b': flow('prod', '1', '2', 'b') });
    await push({ onConflict: 'MERGE', delete: true });
    expect(Object.keys(await world.repository.files())).toEqual(['_flows/a.yml', '_flows/b.yml']);
    await sync({ onConflict: 'MERGE', delete: true });
    expect(Object.keys(await contents(world.storage))).toEqual(['prod/a', 'prod/b']);
  });

  it('leaves a file that git deleted and storage changed, run after run', async () => {
    await start({});
    await edit({ 'prod:a.txt': 'one\n', 'prod:b.txt': 'b\n' });
    await pushFiles();
    await world.repository.commit({ '_files/a.txt': null });
    await edit({ 'prod:a.txt': 'two\n' });
    for (let run = 0; run < 2; run++) {
      expect((await pushFiles({ onConflict: 'SKIP' })).summary).toMatchObject({ conflicted: 1 });
      expect(await world.repository.files()).toEqual({ '_files/b.txt': 'b\n' });
    }
    await expect(pushFiles({ onConflict: 'MERGE' })).rejects.toMatchObject({ code: 'CONFLICT' });
    await pushFiles();
    expect(await world.repository.files()).toMatchObject({ '_files/a.txt': 'two\n' });
  });
});
