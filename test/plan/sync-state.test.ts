import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changeLines } from '../../src/plan/pages/rewrite-lines.js';
import { loadSyncState, openSyncState, readSyncState } from '../../src/plan/read-sync-state.js';
import { recordLines, recordSyncState } from '../../src/plan/record-sync-state.js';
import { formatStateLine, parseStateLine } from '../../src/plan/state-line.js';
import { type SyncedResource, type SyncIdentity, type SyncState, syncId } from '../../src/plan/sync-state.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import type { StorageAdapter } from '../../src/storage/types.js';

const identity: SyncIdentity = {
  direction: 'SYNC',
  kind: 'flow',
  url: 'https://host/flows.git',
  revision: 'main',
  directory: '_flows',
  namespace: 'company.team',
  gitNamespace: 'company.team',
  children: true,
  rewrite: '',
};

function resource(gitPath: string, id: string, oids: [string, string] = ['1', '2']): SyncedResource {
  const key = { kind: 'flow' as const, namespace: 'company.team', id };
  return { gitPath, key, gitOid: oids[0], storedOid: oids[1] };
}

async function record(storage: StorageAdapter, resources: SyncedResource[], commit: string | null = 'c1') {
  const changes = await recordSyncState(await readSyncState(storage, identity), identity, commit, resources);
  await storage.apply({ changes });
  return changes;
}

const textOf = ({ lines }: Pick<SyncState, 'lines'>) => Buffer.concat([...lines.pieces()]).toString();

async function put(storage: StorageAdapter, content: string) {
  const { storedOid: expectedOid, id } = await readSyncState(storage, identity);
  await storage.apply({
    changes: [
      {
        action: 'put',
        key: { kind: 'state', namespace: '', id },
        content: Buffer.from(content),
        expectedOid,
      },
    ],
  });
}

describe('the state of a sync', () => {
  it('is empty before the first run', async () => {
    const state = await readSyncState(createMemoryStorage(), identity);
    expect({
      ...state,
      byPath: [...state.byPath],
      byKey: [...state.byKey],
      lines: textOf(state),
    }).toEqual({
      id: syncId(identity),
      commit: null,
      commits: {},
      byPath: [],
      byKey: [],
      storedOid: null,
      bytes: null,
      lines: '',
    });
  });

  it('is not written again for commits alone that nothing in it came with any more', async () => {
    const storage = createMemoryStorage();
    const origin = { oid: 'c1', author: 'Ada', email: 'ada@example.org', timestamp: 1 };
    const resources = [resource('a.yml', 'a')];
    const ask = async (commit: string) =>
      recordSyncState(await readSyncState(storage, identity), identity, commit, resources, { origin });
    const [first] = await ask('c1');
    if (first?.action !== 'put') throw new Error('nothing was recorded');
    // As a shortened run leaves it, which does not look at every line.
    const [head = '', ...lines] = Buffer.from(first.content).toString().split('\n');
    const header = JSON.parse(head) as { commits: Record<string, unknown> };
    header.commits['7'] = ['c0', 'Bob', 'bob@example.org', 0];
    await put(storage, [JSON.stringify(header), ...lines].join('\n'));
    expect(await ask('c1')).toEqual([]);
    const [next] = await ask('c2');
    expect(next?.action === 'put' && Buffer.from(next.content).toString()).not.toContain('Bob');
  });

  it('comes back as it was recorded, sorted by path, by path and by key', async () => {
    const storage = createMemoryStorage();
    const [a, b] = [resource('z/"a"\u2028é.yml', 'a'), resource('b.yml', 'b', ['3', '3'])];
    await record(storage, [a, b]);
    const state = await readSyncState(storage, identity);
    expect(state.commit).toBe('c1');
    expect([...state.byPath]).toEqual([
      [b.gitPath, b],
      [a.gitPath, a],
    ]);
    expect([...state.byKey]).toEqual([
      ['flow company.team/b', b],
      ['flow company.team/a', a],
    ]);
    expect(await state.lines.find([a.gitPath, 'c'])).toEqual(
      new Map([
        [a.gitPath, formatStateLine(a)],
        ['c', null],
      ]),
    );
    expect(parseStateLine(identity, formatStateLine(a))).toEqual(a);
    expect(parseStateLine(identity, formatStateLine(a).slice(0, -9))).toBeNull();
  });

  it('comes back whatever the paths', async () => {
    const path = fc.string({ unit: 'grapheme', minLength: 1 });
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(path, { maxLength: 5 }), async (paths) => {
        const storage = createMemoryStorage();
        const resources = paths.map((one, index) => resource(one, `f${index}`));
        await record(storage, resources);
        const { byPath } = await readSyncState(storage, identity);
        expect(byPath).toEqual(new Map(resources.map((one) => [one.gitPath, one])));
        expect([...byPath.keys()]).toEqual([...paths].sort());
      }),
      { numRuns: 50 },
    );
  });

  it('is not written again when it says the same', async () => {
    const storage = createMemoryStorage();
    const resources = [resource('a.yml', 'a'), resource('b.yml', 'b')];
    expect(await record(storage, resources)).toMatchObject([{ action: 'put', expectedOid: null }]);
    expect(await record(storage, resources.toReversed())).toEqual([]);
    const state = await readSyncState(storage, identity);
    const lines = await changeLines(state.lines, new Map());
    if (lines === null) throw new Error('The lines are not there.');
    expect(recordLines(state, identity, lines, { commit: 'c1', commits: {} })).toEqual([]);
    expect(recordLines(state, identity, lines, { commit: 'c2', commits: {} })).toMatchObject([
      {
        action: 'put',
        key: { kind: 'state', namespace: '', id: state.id },
        expectedOid: state.storedOid,
      },
    ]);
    expect(await record(storage, resources, null)).toMatchObject([{ expectedOid: state.storedOid }]);
    expect((await readSyncState(storage, identity)).commit).toBeNull();
    expect(await record(storage, resources.slice(1), null)).toHaveLength(1);
  });

  const header = JSON.stringify({ version: 1, sync: {}, commit: 'c1' });
  const row = '["a.yml","company.team","a","1","2"]';
  it.each([
    ['no JSON', 'what is this'],
    ['nothing', ''],
    ['another version', `${header.replace('1', '4')}\n${row}\n`],
    ['a header that is cut', `${header.slice(0, 20)}\n${row}\n`],
    ['a row that is cut', `${header}\n${row.slice(0, 10)}\n`],
    ['a row too short', `${header}\n["a.yml"]\n`],
    ['a row of another kind', `${header}\n${row}\n{}\n`],
  ])('is empty when storage holds %s, and is replaced', async (_, content) => {
    const storage = createMemoryStorage();
    await put(storage, content);
    const state = await readSyncState(storage, identity);
    expect([...state.byPath, ...state.byKey]).toEqual([]);
    expect(state.storedOid).not.toBeNull();
    const a = resource('a.yml', 'a');
    await record(storage, [a]);
    expect([...(await readSyncState(storage, identity)).byPath.values()]).toEqual([a]);
  });

  it('that is of another version, or cut, has no commit and no lines either', async () => {
    const storage = createMemoryStorage();
    for (const content of [`${header.replace('1', '4')}\n${row}\n`, header, `{}\n${row}\n`]) {
      await put(storage, content);
      const state = await readSyncState(storage, identity);
      expect([state.commit, textOf(state)]).toEqual([null, '']);
    }
  });
});

describe('a large state', () => {
  const many = (count: number, oid = '1') =>
    Array.from({ length: count }, (_, index) => {
      const name = `flow-${String(index).padStart(4, '0')}`;
      return resource(`_flows/${name}.yml`, name, [oid.repeat(40), '2'.repeat(40)]);
    });
  const change = (resources: SyncedResource[], at: number) =>
    resources.map((one, index) => (index === at ? { ...one, gitOid: '3'.repeat(40) } : one));
  const byPathOf = async (storage: StorageAdapter) => [
    ...(await readSyncState(storage, identity)).byPath.values(),
  ];
  const pages = (storage: StorageAdapter) =>
    storage.list({ kind: 'state', namespace: 'flowgit.pages', children: false });

  it('is kept in pages, of which a change writes those that it touches', async () => {
    const storage = createMemoryStorage();
    const resources = many(1000);
    await record(storage, resources);
    expect((await pages(storage)).length).toBeGreaterThan(4);
    expect(await byPathOf(storage)).toEqual(resources);
    expect(await record(storage, resources)).toEqual([]);
    expect(await record(storage, change(resources, 500))).toHaveLength(2);
    expect(await byPathOf(storage)).toEqual(change(resources, 500));
    await record(storage, resources.slice(0, 3));
    expect(await pages(storage)).toEqual([]);
    expect(await byPathOf(storage)).toEqual(resources.slice(0, 3));
  });

  it('of an earlier version is read as a whole, and goes into pages when it is written', async () => {
    const resources = many(1000);
    const lines = resources.map((one) => `${formatStateLine(one)}\n`).join('');
    const former = `${JSON.stringify({ version: 2, sync: {}, commit: 'c1', commits: {} })}\n${lines}`;
    const storage = createMemoryStorage();
    await put(storage, former);
    expect(await byPathOf(storage)).toEqual(resources);
    await record(storage, change(resources, 7));
    expect(await byPathOf(storage)).toEqual(change(resources, 7));
    expect((await pages(storage)).length).toBeGreaterThan(4);

    const shortened = createMemoryStorage();
    await put(shortened, former);
    const state = await openSyncState(shortened, identity);
    const changed = change(resources, 7)[7] ?? resource('', '');
    const rewritten = await changeLines(state.lines, new Map([[changed.gitPath, formatStateLine(changed)]]));
    if (rewritten === null) throw new Error('The lines are not there.');
    await shortened.apply({
      changes: recordLines(state, identity, rewritten, { commit: 'c2', commits: {} }),
    });
    expect(await byPathOf(shortened)).toEqual(change(resources, 7));
    expect((await pages(shortened)).length).toBeGreaterThan(4);
  });

  it('without one of its pages knows the rest, and is whole again when it was written', async () => {
    const storage = createMemoryStorage();
    const resources = many(1000);
    await record(storage, resources);
    const [lost] = await pages(storage);
    if (lost === undefined) throw new Error('There are no pages.');
    await storage.apply({ changes: [{ action: 'delete', key: lost.key, expectedOid: lost.oid }] });
    const rest = await byPathOf(storage);
    expect(rest.length).toBeGreaterThan(700);
    expect(rest.length).toBeLessThan(1000);
    expect(resources).toEqual(expect.arrayContaining(rest));
    await record(storage, resources);
    expect(await byPathOf(storage)).toEqual(resources);
  });

  it('whose list of pages cannot be read is empty, and is replaced', async () => {
    const storage = createMemoryStorage();
    await record(storage, many(1000));
    const { bytes } = await openSyncState(storage, identity);
    await put(
      storage,
      Buffer.from(bytes ?? [])
        .toString()
        .slice(0, -20),
    );
    expect(await byPathOf(storage)).toEqual([]);
    await record(storage, many(900, '4'));
    expect(await byPathOf(storage)).toEqual(many(900, '4'));
  });

  /** A storage in which another run writes the state whenever pages are read, so many times. */
  async function racing(times: number) {
    const storage = createMemoryStorage();
    await record(storage, many(1000));
    let made = 0;
    const raced: StorageAdapter = {
      ...storage,
      async read(keys) {
        if (keys[0]?.namespace === 'flowgit.pages' && made++ < times)
          await record(storage, many(1000, String(2 + (made % 7))));
        return storage.read(keys);
      },
    };
    return { storage, raced };
  }

  it('that another run writes meanwhile is read again, and never taken for one that lost something', async () => {
    const { storage, raced } = await racing(3);
    expect([...(await readSyncState(raced, identity)).byPath.values()]).toEqual(await byPathOf(storage));
    const again = await racing(Number.POSITIVE_INFINITY);
    await expect(readSyncState(again.raced, identity)).rejects.toMatchObject({ code: 'STORAGE_CONFLICT' });
  });

  it('that another run wrote since it was opened is a conflict for who goes on with it', async () => {
    const { storage } = await racing(0);
    const opened = await openSyncState(storage, identity);
    await record(storage, many(1000, '5'));
    await expect(loadSyncState(storage, identity, opened)).rejects.toMatchObject({
      code: 'STORAGE_CONFLICT',
    });
  });
});

describe('the id of a sync', () => {
  it('can be read, and is that of a state', () => {
    expect(syncId(identity)).toMatch(/^sync-flow-company\.team-[0-9a-f]{12}$/);
    expect(syncId({ ...identity, direction: 'PUSH', kind: 'dashboard', namespace: '' })).toMatch(
      /^push-dashboard-all-/,
    );
  });

  it('is another one when any of its parts is', () => {
    const others: SyncIdentity[] = [
      { ...identity, direction: 'PUSH' },
      { ...identity, kind: 'file' },
      { ...identity, url: 'https://host/other.git' },
      { ...identity, revision: 'dev' },
      { ...identity, directory: '' },
      { ...identity, namespace: 'company' },
      { ...identity, gitNamespace: 'prod' },
      { ...identity, children: false },
      { ...identity, rewrite: 'references' },
    ];
    expect(new Set([identity, ...others].map(syncId)).size).toBe(others.length + 1);
    expect(syncId({ ...identity, extra: 1 } as SyncIdentity)).toBe(syncId(identity));
  });
});

describe('the line of a resource', () => {
  it('holds the commit it came with, and the common text of a merge, whatever is in it', () => {
    const a = resource('a.yml', 'a');
    const rows: SyncedResource[] = [
      a,
      { ...a, origin: 7 },
      { ...a, origin: 7, ancestor: 'id: "a"\n\u2028\\' },
      { ...a, ancestor: '' },
    ];
    for (const row of rows) {
      expect(formatStateLine(row)).not.toContain('\n');
      expect(parseStateLine(identity, formatStateLine(row))).toEqual(row);
    }
  });
});
