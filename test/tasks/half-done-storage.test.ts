import { afterEach, expect, it } from 'vitest';
import { createRunContext } from '../../src/runtime/create-context.js';
import { apply } from '../../tasks/index.js';
import { SyncFlows } from '../../tasks/sync-flows.js';
import { oneByOneStorage } from '../support/one-by-one-storage.js';
import { contents, createWorld, fill, flowSource, type World } from '../support/world.js';

let world: World;
const namespace = 'company.team';
const flow = (id: string, extra = '') => flowSource(namespace, id, extra);

afterEach(() => world.close());

const sync = () => new SyncFlows({ url: world.url, targetNamespace: namespace, delete: true });

/** Two flows that change, one that goes, one that comes, and the record of the sync. */
const writes = 5;

async function before() {
  const storage = oneByOneStorage();
  await fill(storage, {
    'company.team/a': flow('a', '# old\n'),
    'company.team/b': flow('b', '# old\n'),
    'company.team/gone': flow('gone'),
  });
  return { storage, context: createRunContext({ ...world.context, storage }) };
}

async function start(): Promise<void> {
  world = await createWorld({
    files: { '_flows/a.yml': flow('a'), '_flows/b.yml': flow('b'), '_flows/new.yml': flow('new') },
  });
}

it('a sync into a storage that fails at any of its writes leaves the old state, and the next run converges', async () => {
  await start();
  for (let at = 1; at <= writes; at++) {
    const { storage, context } = await before();
    const old = await contents(storage);
    storage.fail({ writes: (count) => count === at });
    await expect(sync().run(context)).rejects.toMatchObject({ code: 'STORAGE_ERROR' });
    expect(await contents(storage)).toEqual(old);
    expect(await storage.list({ kind: 'state', namespace: '', children: false })).toEqual([]);
    storage.fail(null);
    expect((await sync().run(context)).summary).toMatchObject({ added: 1, updated: 2, deleted: 1 });
    expect(Object.keys(await contents(storage))).toEqual([
      'company.team/a',
      'company.team/b',
      'company.team/new',
    ]);
  }
});

it('a saved plan that is undone can be applied again', async () => {
  await start();
  const { storage, context } = await before();
  const plan = await sync().plan(context);
  storage.fail({ writes: (count) => count === 3 });
  await expect(apply(plan, context)).rejects.toMatchObject({ code: 'STORAGE_ERROR' });
  storage.fail(null);
  await apply(plan, context);
  expect(await contents(storage)).toMatchObject({ 'company.team/a': flow('a') });
});

it('a sync that cannot be undone says what stands', async () => {
  await start();
  const { storage, context } = await before();
  storage.fail({ writes: (count) => count >= 3 });
  await expect(sync().run(context)).rejects.toMatchObject({
    code: 'PARTIALLY_APPLIED',
    message: expect.stringMatching(
      /could not be undone and stand in memory:: flow company\.team\/a \(updated\)/,
    ),
  });
});
