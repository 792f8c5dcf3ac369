import { afterEach, describe, expect, it } from 'vitest';
import type { RunContext } from '../../../src/runtime/context.js';
import { createRunContext } from '../../../src/runtime/create-context.js';
import type { StorageAdapter } from '../../../src/storage/types.js';
import { apply, checkPlan, type SavedPlan } from '../../../tasks/index.js';
import { PushFlows } from '../../../tasks/push-flows.js';
import { PushNamespaceFiles } from '../../../tasks/push-namespace-files.js';
import { SyncFlows } from '../../../tasks/sync-flows.js';
import { SyncNamespaceFiles } from '../../../tasks/sync-namespace-files.js';
import { contents, createWorld, fill, flowKey, flowSource, type World } from '../../support/world.js';

let world: World;
const namespace = 'company.team';
const flow = (id: string, extra = '') => flowSource(namespace, id, extra);
const stale = { code: 'STALE_PLAN', retryable: false };

afterEach(() => world.close());

async function start(files: Parameters<World['repository']['commit']>[0]): Promise<void> {
  world = await createWorld({ files });
}

const syncFlows = (properties: object = {}) =>
  new SyncFlows({ url: world.url, targetNamespace: namespace, delete: true, ...properties });
const pushFlows = (properties: object = {}) =>
  new PushFlows({ url: world.url, sourceNamespace: namespace, ...properties });

/** As it comes back from a file. */
const stored = (plan: SavedPlan) => JSON.parse(JSON.stringify(plan)) as SavedPlan;

/** Everything that storage holds, sync states included, and counts what is written. */
async function snapshot(storage: StorageAdapter, plan: SavedPlan) {
  const states = await storage.read(plan.tasks.flatMap(({ basis }) => basis.records.map(({ key }) => key)));
  return {
    flows: await contents(storage),
    files: await contents(storage, 'file'),
    states: states.map((state) => state && Buffer.from(state.content).toString()),
  };
}

/** The context with a storage that counts its writes. */
function counting(): { context: RunContext; writes: () => number } {
  let writes = 0;
  const storage: StorageAdapter = {
    ...world.storage,
    apply(batch, options) {
      writes += 1;
      return world.storage.apply(batch, options);
    },
    async applyAt(batch, at, options) {
      writes += 1;
      const applied = await world.storage.applyAt?.(batch, at, options);
      if (applied === undefined) throw new Error('no applyAt');
      return applied;
    },
  };
  return { context: createRunContext({ ...world.context, storage }), writes: () => writes };
}

describe('a saved plan of a sync', () => {
  it('writes nothing when it is made, and when applied leaves what a run would have left', async () => {
    await start({ '_flows/a.yml': flow('a'), '_flows/sub/b.yml': flow('b') });
    await fill(world.storage, { 'company.team/gone': flow('gone') });
    const plan = stored(await syncFlows({ includeChildNamespaces: true }).plan(world.context));
    expect(Object.keys(await contents(world.storage))).toEqual(['company.team/gone']);

    const [task] = await apply(plan, world.context);
    expect(task?.plan).toEqual(plan.tasks[0]?.plan);
    expect(task?.plan.summary).toMatchObject({ added: 2, deleted: 1 });
    const applied = await snapshot(world.storage, plan);

    const other = await createWorld();
    await fill(other.storage, { 'company.team/gone': flow('gone') });
    await syncFlows({ includeChildNamespaces: true }).run({ ...world.context, storage: other.storage });
    expect(applied).toEqual(await snapshot(other.storage, plan));
    await other.close();
    expect((await syncFlows({ includeChildNamespaces: true }).run(world.context)).summary).toMatchObject({
      added: 0,
      updated: 0,
      deleted: 0,
      unchanged: 2,
    });
  });

  it('is applied with one request for the refs and no second fetch', async () => {
    await start({ '_flows/a.yml': flow('a') });
    const plan = await syncFlows().plan(world.context);
    const before = world.server.requests.length;
    await apply(plan, world.context);
    expect(world.server.requests.slice(before).map(({ path }) => path)).toEqual([
      '/flows.git/git-upload-pack',
    ]);
  });

  it('carries binary files byte for byte', async () => {
    const bytes = Buffer.from([0, 255, 254, 10, 13, 0xef, 0xbb, 0xbf]);
    await start({ '_files/b.bin': bytes, '_files/bom.txt': '\ufeffx\r\n' });
    const files = new SyncNamespaceFiles({ url: world.url, namespace });
    await apply(stored(await files.plan(world.context)), world.context);
    const key = { kind: 'file', namespace, id: 'b.bin' } as const;
    const [content] = await world.storage.read([key]);
    expect(Buffer.from(content?.content ?? [])).toEqual(bytes);
    expect((await contents(world.storage, 'file'))['company.team:bom.txt']).toBe('\ufeffx\r\n');
  });

  it.each<[string, () => Promise<unknown>]>([
    ['changed a flow', () => fill(world.storage, { 'company.team/a': flow('a', '# mine\n') })],
    ['added a flow', () => fill(world.storage, { 'company.team/new': flow('new') })],
    [
      'deleted a flow',
      async () => {
        const [entry] = await world.storage.read([flowKey(namespace, 'a')]);
        const expectedOid = entry?.oid ?? '';
        await world.storage.apply({
          changes: [{ action: 'delete', key: flowKey(namespace, 'a'), expectedOid }],
        });
      },
    ],
    ['pushed to the branch', () => world.repository.commit({ '_flows/b.yml': flow('b') })],
    ['pushed what does not concern the sync', () => world.repository.commit({ README: 'x' })],
    ['ran the same sync', () => syncFlows().run(world.context)],
    ['deleted the branch', () => world.repository.git('update-ref', '-d', 'refs/heads/main')],
  ])('is stale, and writes nothing, when somebody %s meanwhile', async (_, meanwhile) => {
    await start({ '_flows/a.yml': flow('a', '# new\n'), '_flows/c.yml': flow('c') });
    await fill(world.storage, { 'company.team/a': flow('a') });
    const plan = stored(await syncFlows().plan(world.context));
    await meanwhile();
    const before = await snapshot(world.storage, plan);
    const { context, writes } = counting();
    await expect(checkPlan(plan, context)).rejects.toMatchObject(stale);
    await expect(apply(plan, context)).rejects.toMatchObject(stale);
    expect(writes()).toBe(0);
    expect(await snapshot(world.storage, plan)).toEqual(before);
  });

  it('says when there was nothing to do and now there is', async () => {
    await start({ '_flows/a.yml': flow('a') });
    await syncFlows().run(world.context);
    const plan = await syncFlows().plan(world.context);
    expect(plan.tasks[0]?.plan.summary).toMatchObject({ added: 0, unchanged: 1 });
    expect(await apply(plan, world.context)).toHaveLength(1);
    await fill(world.storage, { 'company.team/b': flow('b') });
    await expect(apply(plan, world.context)).rejects.toMatchObject(stale);
  });

  it('is for the storage it was made with', async () => {
    await start({ '_flows/a.yml': flow('a') });
    const plan = await syncFlows().plan(world.context);
    const storage = { ...world.storage, location: 'memory:other' };
    await expect(apply(plan, createRunContext({ ...world.context, storage }))).rejects.toMatchObject(stale);
  });

  it('applies once', async () => {
    await start({ '_flows/a.yml': flow('a') });
    const plan = await syncFlows().plan(world.context);
    await apply(plan, world.context);
    await expect(apply(plan, world.context)).rejects.toMatchObject(stale);
  });

  it('notices what is written between the check and the writing', async () => {
    await start({ '_flows/a.yml': flow('a') });
    const plan = await syncFlows().plan(world.context);
    const confirm = () => fill(world.storage, { 'company.team/late': flow('late') });
    const context = createRunContext({ ...world.context, confirm });
    await expect(apply(plan, context)).rejects.toMatchObject(stale);
    expect(Object.keys(await contents(world.storage))).toEqual(['company.team/late']);
  });
});

describe('a saved plan of a push', () => {
  it('commits exactly what it shows, with the message and author of the plan', async () => {
    await start({ '_flows/old.yml': flow('old') });
    await fill(world.storage, { 'company.team/a': flow('a'), 'company.team/b': flow('b') });
    const plan = stored(
      await pushFlows({ commitMessage: 'two flows', authorName: 'Grace', authorEmail: 'g@x.org' }).plan(
        world.context,
      ),
    );
    expect(await world.repository.git('ls-tree', '-r', '--name-only', 'main')).toBe('_flows/old.yml\n');
    const [task] = await apply(plan, world.context);
    expect(await world.repository.tip()).toBe(task?.commitId);
    expect(await world.repository.git('log', '-1', '--format=%s %an %ae')).toBe('two flows Grace g@x.org\n');
    const shown = (await world.repository.git('diff', '--no-renames', '--name-status', 'main~1', 'main'))
      .trim()
      .split('\n');
    expect(shown).toEqual(['A\t_flows/a.yml', 'A\t_flows/b.yml', 'D\t_flows/old.yml']);
    expect(await world.repository.git('show', 'main:_flows/a.yml')).toBe(flow('a'));
    expect(await pushFlows().run(world.context)).toMatchObject({ commitId: null });
  });

  it.each<[string, () => Promise<unknown>]>([
    ['changed a flow', () => fill(world.storage, { 'company.team/a': flow('a', '# mine\n') })],
    ['added a flow', () => fill(world.storage, { 'company.team/new': flow('new') })],
    ['pushed to the branch', () => world.repository.commit({ README: 'x' })],
    ['deleted the branch', () => world.repository.git('update-ref', '-d', 'refs/heads/main')],
  ])('is stale, and writes nothing, when somebody %s meanwhile', async (_, meanwhile) => {
    await start({ '_flows/old.yml': flow('old') });
    await fill(world.storage, { 'company.team/a': flow('a') });
    const plan = stored(await pushFlows().plan(world.context));
    await meanwhile();
    const tip = await world.repository.tip();
    const { context, writes } = counting();
    await expect(apply(plan, context)).rejects.toMatchObject(stale);
    expect(writes()).toBe(0);
    expect(await world.repository.tip()).toBe(tip);
  });

  it('is stale when somebody pushes between the check and the push', async () => {
    await start({ '_flows/old.yml': flow('old') });
    await fill(world.storage, { 'company.team/a': flow('a') });
    const plan = await pushFlows().plan(world.context);
    const confirm = async () => {
      await world.repository.commit({ README: 'late' });
    };
    const context = createRunContext({ ...world.context, confirm });
    await expect(apply(plan, context)).rejects.toMatchObject(stale);
    expect(await world.repository.git('ls-tree', '-r', '--name-only', 'main')).toBe(
      'README\n_flows/old.yml\n',
    );
  });

  it('is stale when a flow changes while somebody is asked, and cancelled when nobody waits for it', async () => {
    await start({ '_flows/old.yml': flow('old') });
    await fill(world.storage, { 'company.team/a': flow('a') });
    const plan = await pushFlows().plan(world.context);
    const tip = await world.repository.tip();
    const stopping = new AbortController();
    const stop = createRunContext({
      ...world.context,
      signal: stopping.signal,
      confirm: async () => stopping.abort(new Error('Ctrl-C')),
    });
    await expect(apply(plan, stop)).rejects.toMatchObject({ code: 'CANCELLED' });
    const confirm = () => fill(world.storage, { 'company.team/a': flow('a', '# late\n') });
    await expect(apply(plan, createRunContext({ ...world.context, confirm }))).rejects.toMatchObject(stale);
    expect(await world.repository.tip()).toBe(tip);
  });

  it('makes the branch when it is not there, and is stale when somebody made it', async () => {
    await start({ README: 'x' });
    await fill(world.storage, { 'company.team:a.txt': 'a' });
    const push = new PushNamespaceFiles({ url: world.url, namespace, branch: 'release' });
    const plan = await push.plan(world.context);
    const [task] = await apply(plan, world.context);
    expect(await world.repository.tip('release')).toBe(task?.commitId);
    await expect(apply(plan, world.context)).rejects.toMatchObject(stale);
  });
});

describe('a saved plan with a conflict', () => {
  it('is stale when the run that the other side is known from was repeated', async () => {
    await start({ '_flows/a.yml': flow('a'), '_flows/b.yml': flow('b') });
    await syncFlows().run(world.context);
    await fill(world.storage, { 'company.team/a': flow('a', '# storage\n') });
    await pushFlows().run(world.context);
    await fill(world.storage, { 'company.team/a': flow('a', '# storage again\n') });
    await world.repository.commit({ '_flows/a.yml': flow('a', '# git\n') });
    const plan = stored(await syncFlows({ onConflict: 'SKIP' }).plan(world.context));
    expect(plan.tasks[0]?.plan.summary).toMatchObject({ conflicted: 1, unchanged: 1 });
    expect(plan.tasks[0]?.basis.records).toHaveLength(2);
    const key = plan.tasks[0]?.basis.records[1]?.key ?? flowKey('', '');
    const [record] = await world.storage.read([key]);
    const content = Buffer.concat([record?.content ?? Buffer.of(), Buffer.from('\n')]);
    const expectedOid = record?.oid ?? null;
    await world.storage.apply({ changes: [{ action: 'put', key, content, expectedOid }] });
    await expect(apply(plan, world.context)).rejects.toMatchObject(stale);
  });

  it('keeps what was merged, and the next run has nothing to do', async () => {
    const lines = (first: string, last: string) => flow('a', `# ${first}\n# -\n# -\n# -\n# ${last}\n`);
    await start({ '_flows/a.yml': lines('x', 'x') });
    await syncFlows().run(world.context);
    await fill(world.storage, { 'company.team/a': lines('x', 'storage') });
    await world.repository.commit({ '_flows/a.yml': lines('git', 'x') });
    await apply(stored(await syncFlows({ onConflict: 'MERGE' }).plan(world.context)), world.context);
    expect(await contents(world.storage)).toEqual({ 'company.team/a': lines('git', 'storage') });
    expect((await syncFlows({ onConflict: 'MERGE' }).run(world.context)).summary).toMatchObject({
      updated: 0,
      conflicted: 0,
    });
  });
});

describe('a saved plan and the syncs beside it', () => {
  const other = (properties: object = {}) => syncFlows({ branch: 'other', delete: false, ...properties });

  it('takes over what it was told to take over', async () => {
    await start({ '_flows/a.yml': flow('a') });
    await world.repository.git('branch', 'other', 'main');
    await syncFlows().run(world.context);
    const plan = stored(await other({ adopt: true }).plan(world.context));
    await apply(plan, world.context);
    expect((await other().run(world.context)).summary).toMatchObject({ unchanged: 1 });
    await expect(syncFlows().run(world.context)).rejects.toMatchObject({ code: 'OWNED_BY_ANOTHER_SYNC' });
  });

  it('is stale when another sync meanwhile lays claim to what it would write', async () => {
    await start({ '_flows/a.yml': flow('a') });
    await world.repository.git('branch', 'other', 'main');
    await fill(world.storage, { 'company.team/a': flow('a') });
    const plan = stored(await other().plan(world.context));
    expect(plan.tasks[0]?.plan.summary).toMatchObject({ unchanged: 1 });
    await syncFlows().run(world.context);
    await expect(apply(plan, world.context)).rejects.toMatchObject(stale);
  });
});
