import { afterEach, describe, expect, it } from 'vitest';
import { createRunContext } from '../../src/runtime/create-context.js';
import { PushFlows } from '../../tasks/push-flows.js';
import { PushNamespaceFiles } from '../../tasks/push-namespace-files.js';
import { SyncFlows } from '../../tasks/sync-flows.js';
import { SyncNamespaceFiles } from '../../tasks/sync-namespace-files.js';
import type { Files } from '../support/bare-repository.js';
import { contents, createWorld, fill, flowSource, rows, type World } from '../support/world.js';

let world: World;
const namespace = 'company.team';

afterEach(() => world?.close());

type Names = readonly string[];
interface Guarded {
  name: string;
  task(properties: object): SyncFlows | SyncNamespaceFiles | PushFlows | PushNamespaceFiles;
  /** Puts resources of these names where the task takes them from, or takes them away (null). */
  source(present: Names, gone?: Names): Promise<unknown>;
  /** Puts resources of these names where the task writes, behind its back. */
  target(present: Names): Promise<unknown>;
  /** What the target has. */
  names(): Promise<string[]>;
}

const toGit = (path: (name: string) => string, content: (name: string) => string) => {
  return (present: Names, gone: Names = []) => {
    const files: Files = {};
    for (const name of present) files[path(name)] = content(name);
    for (const name of gone) files[path(name)] = null;
    return world.repository.commit(files);
  };
};
const toStorage =
  (kind: 'flow' | 'file') =>
  async (present: Names, gone: Names = []) => {
    const separator = kind === 'flow' ? '/' : ':';
    const entry = (name: string) => [
      `${namespace}${separator}${name}`,
      kind === 'flow' ? flowSource(namespace, name) : name,
    ];
    await fill(world.storage, Object.fromEntries(present.map(entry)));
    const keys = gone.map((id) => ({ kind, namespace, id }));
    const found = await world.storage.read(keys);
    const changes = found.map((one, index) => {
      const key = keys[index] ?? { kind, namespace, id: '' };
      return { action: 'delete', key, expectedOid: one?.oid ?? '' } as const;
    });
    await world.storage.apply({ changes });
  };
const inGit = (directory: string, ending: string) => async () => {
  const files = Object.keys(await world.repository.files());
  const inside = files.filter((path) => path.startsWith(`${directory}/`));
  return inside.map((path) => path.slice(directory.length + 1, path.length - ending.length));
};
const inStorage = (kind: 'flow' | 'file') => async () =>
  Object.keys(await contents(world.storage, kind)).map((name) => name.slice(namespace.length + 1));
const flowsInGit = toGit(
  (name) => `_flows/${name}.yml`,
  (name) => flowSource(namespace, name),
);
const filesInGit = toGit(
  (name) => `_files/${name}`,
  (name) => name,
);

const tasks: Guarded[] = [
  {
    name: 'git.SyncFlows',
    task: (own) => new SyncFlows({ url: world.url, targetNamespace: namespace, delete: true, ...own }),
    source: flowsInGit,
    target: toStorage('flow'),
    names: inStorage('flow'),
  },
  {
    name: 'git.SyncNamespaceFiles',
    task: (own) => new SyncNamespaceFiles({ url: world.url, namespace, delete: true, ...own }),
    source: filesInGit,
    target: toStorage('file'),
    names: inStorage('file'),
  },
  {
    name: 'git.PushFlows',
    task: (own) => new PushFlows({ url: world.url, sourceNamespace: namespace, ...own }),
    source: toStorage('flow'),
    target: flowsInGit,
    names: inGit('_flows', '.yml'),
  },
  {
    name: 'git.PushNamespaceFiles',
    task: (own) => new PushNamespaceFiles({ url: world.url, namespace, ...own }),
    source: toStorage('file'),
    target: filesInGit,
    names: inGit('_files', ''),
  },
];

const many = Array.from({ length: 24 }, (_, index) => `r${String(index).padStart(2, '0')}`);
const most = many.slice(0, 15);

describe.each(tasks)('$name', ({ task, source, target, names }) => {
  const run = (properties: object = {}) => task(properties).run(world.context);
  const start = async (present: Names = many) => {
    world = await createWorld({ files: { '_flows/.keep': '', '_files/.gitkeep': '', README: 'x' } });
    await source(present);
    await run();
    expect((await names()).filter((name) => many.includes(name))).toEqual([...present]);
  };
  const kept = async () => (await names()).filter((name) => many.includes(name) || name === 'mine');

  it('deletes no more than its budget, however it is run', async () => {
    await start();
    await source([], most);
    const exceeded = { code: 'DELETION_BUDGET_EXCEEDED', retryable: false };
    await expect(run()).rejects.toMatchObject({ ...exceeded, data: { allowed: 12, targetCount: 24 } });
    await expect(run({ dryRun: true })).rejects.toMatchObject(exceeded);
    await expect(task({}).plan(world.context)).rejects.toMatchObject(exceeded);
    await expect(run({ maxDeletes: 14 })).rejects.toMatchObject(exceeded);
    await expect(run({ maxDeletes: '60%' })).rejects.toMatchObject(exceeded);
    expect(await kept()).toEqual(many);
    expect((await run({ maxDeletes: 15 })).summary).toMatchObject({ deleted: 15 });
    expect(await kept()).toEqual(many.slice(15));
  });

  it('counts the budget where a change is small, too', async () => {
    await start();
    await source([], many.slice(0, 3));
    await expect(run({ maxDeletes: 2 })).rejects.toMatchObject({ code: 'DELETION_BUDGET_EXCEEDED' });
    expect(await kept()).toEqual(many);
  });

  it('does not take an empty source for an order to delete everything', async () => {
    await start(many.slice(0, 3));
    await source([], many.slice(0, 3));
    const empty = { code: 'EMPTY_SOURCE' };
    // Git keeps no empty directories.
    if ((await world.repository.tip()) !== null) {
      await world.repository.commit({ '_flows/.keep': 'x', '_files/.gitkeep': 'x' });
    }
    await expect(run()).rejects.toMatchObject(empty);
    await expect(task({}).plan(world.context)).rejects.toMatchObject(empty);
    expect(await kept()).toEqual(many.slice(0, 3));
    expect((await run({ allowEmpty: true })).summary).toMatchObject({ deleted: 3 });
    expect(await kept()).toEqual([]);
  });

  it('leaves what it did not bring where only what is owned may go', async () => {
    await start(many.slice(0, 3));
    await target(['mine']);
    await source([], many.slice(0, 1));
    expect((await run({ deleteScope: 'OWNED' })).summary).toMatchObject({ deleted: 1 });
    expect(await kept()).toEqual(['mine', ...many.slice(1, 3)]);
    expect((await run()).summary).toMatchObject({ deleted: 1 });
    expect(await kept()).toEqual(many.slice(1, 3));
  });

  it('deletes nothing without "delete"', async () => {
    await start(many.slice(0, 3));
    await source([], many.slice(0, 2));
    expect((await run({ delete: false })).summary).toMatchObject({ deleted: 0 });
    expect(await kept()).toEqual(many.slice(0, 3));
  });

  it('writes nothing that was not confirmed', async () => {
    await start(many.slice(0, 3));
    await source([], many.slice(0, 1));
    const asked: unknown[] = [];
    const confirm = async (plan: { summary: object }) => {
      asked.push(plan.summary);
      throw new Error('no');
    };
    const context = createRunContext({ ...world.context, confirm });
    await expect(task({}).run(context)).rejects.toThrow('no');
    await expect(task({ dryRun: true }).run(context)).resolves.toMatchObject({ summary: { deleted: 1 } });
    expect(asked).toEqual([expect.objectContaining({ deleted: 1 })]);
    expect(await kept()).toEqual(many.slice(0, 3));
  });
});

describe('the flow that runs a sync', () => {
  const identity = { namespace, flowId: 'runner' };

  it('is neither deleted nor overwritten, by a run or by a saved plan', async () => {
    world = await createWorld({
      files: { '_flows/a.yml': flowSource(namespace, 'a') },
      context: { identity },
    });
    const mine = flowSource(namespace, 'runner', '# mine\n');
    await fill(world.storage, { 'company.team/runner': mine });
    const sync = new SyncFlows({ url: world.url, targetNamespace: namespace, delete: true });
    expect((await sync.plan(world.context)).tasks[0]?.effect.changes).toHaveLength(1);
    await sync.run(world.context);
    await world.repository.commit({ '_flows/runner.yml': flowSource(namespace, 'runner', '# theirs\n') });
    expect((await sync.plan(world.context)).tasks[0]?.effect.changes).toEqual([]);
    await sync.run(world.context);
    await world.repository.commit({ '_flows/runner.yml': null });
    const settled = await sync.run(world.context);
    expect((await contents(world.storage))['company.team/runner']).toBe(mine);

    // It is left again without anybody looking, and the same is told of it.
    const { list } = world.storage;
    world.storage.list = () => Promise.reject(new Error('nothing is listed'));
    const again = await sync.run(world.context);
    world.storage.list = list;
    expect(again.summary).toEqual({ ...settled.summary, unchanged: 2 });
    expect(await rows(world.context, again.flows)).toEqual(await rows(world.context, settled.flows));
    await world.repository.commit({ '_flows/b.yml': flowSource(namespace, 'b') });
    expect((await sync.run(world.context)).summary).toMatchObject({ added: 1, unchanged: 2, deleted: 0 });
    expect(Object.keys(await contents(world.storage))).toHaveLength(3);
  });
});
