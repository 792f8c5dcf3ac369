import { describe, expect, it } from 'vitest';
import type { ResourceKey } from '../../schemas/resources.js';
import { adoptChanged, adoptFlows } from '../../src/plan/adopt-flows.js';
import { type ComparedChange, compare } from '../../src/plan/compare.js';
import { memoryOf, readGitFlows } from '../../src/plan/git-flows.js';
import type { SyncedResource } from '../../src/plan/sync-state.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import type { StorageAdapter, ValidationProblem } from '../../src/storage/types.js';
import {
  bytesOf,
  type FakeFile,
  failure,
  flow,
  flowKey,
  oidOf,
  snapshotOf,
  stateOf,
  store,
  synced,
} from './doubles.js';

const place = { directory: '_flows', namespace: 'team', children: true };

interface Given {
  files?: Record<string, FakeFile>;
  stored?: [ResourceKey, string][];
  state?: SyncedResource[];
  running?: { namespace: string; flowId: string };
  ignoreInvalid?: boolean;
  deletes?: boolean;
  validate?: StorageAdapter['validate'];
}

async function adopt(given: Given) {
  const memory = createMemoryStorage();
  const storage: StorageAdapter =
    given.validate === undefined ? memory : { ...memory, validate: given.validate };
  const stored = await store(storage, given.stored ?? []);
  const snapshot = snapshotOf(given.files ?? {});
  const state = stateOf(given.state);
  const found = await readGitFlows({ snapshot, entries: snapshot.entries, place, memory: memoryOf(state) });
  snapshot.reads.length = 0;
  const adopted = await adoptFlows({
    found,
    state,
    stored,
    snapshot,
    storage,
    ignoreInvalid: given.ignoreInvalid ?? true,
    deletes: given.deletes ?? true,
    running: given.running ?? { namespace: 'system', flowId: 'sync' },
  });
  const current = stored.map(({ key, oid }) => ({ key, oid, gitPath: `stored/${key.id}.yml` }));
  const changes = compare({
    desired: adopted.desired,
    held: adopted.held,
    current,
    deletes: (resource) => (given.deletes ?? true) && adopted.mayDelete(resource),
    base: state.byKey,
    target: 'storage',
    onConflict: 'SOURCE',
  });
  return { adopted, changes, snapshot };
}

/** `STATE id` of every change, sorted. */
async function rows(given: Given): Promise<string[]> {
  const { changes } = await adopt(given);
  return changes.map(({ state, key }) => `${state} ${key.namespace}/${key.id}`).sort();
}

const broken = (id: string) => `id: ${id}\nnamespace: team\ntasks: []\n`;
const all = ['a', 'b', 'c'].map((id): [ResourceKey, string] => [flowKey(id), flow(id)]);

describe('flows of git for storage', () => {
  it('get the namespace of their place, and keep their bytes where they have it', async () => {
    const files = { '_flows/a.yml': flow('a', 'dev', '# end'), '_flows/x/b.yml': flow('b', 'team.x') };
    const { adopted, changes, snapshot } = await adopt({ files });
    const made = flow('a', 'team', '# end');
    expect(adopted.desired).toEqual([
      {
        key: flowKey('a'),
        gitPath: '_flows/a.yml',
        gitOid: oidOf(files['_flows/a.yml']),
        storedOid: oidOf(made),
      },
      {
        key: flowKey('b', 'team.x'),
        gitPath: '_flows/x/b.yml',
        gitOid: oidOf(files['_flows/x/b.yml']),
        storedOid: oidOf(files['_flows/x/b.yml']),
      },
    ]);
    const contents = await adopted.read(changes);
    expect(adopted.desired.map(({ storedOid }) => contents.get(storedOid))).toEqual([
      bytesOf(made),
      bytesOf(files['_flows/x/b.yml']),
    ]);
    expect(snapshot.reads).toEqual([]);
  });

  it('are taken from the last run, and read only when storage lost them', async () => {
    const [inGit, inStorage] = [flow('a', 'dev'), flow('a')];
    const given = {
      files: { '_flows/a.yml': inGit },
      state: [synced('_flows/a.yml', flowKey('a'), inGit, inStorage)],
    };
    const settled = await adopt({ ...given, stored: [[flowKey('a'), inStorage]] });
    expect(settled.changes.map(({ state }) => state)).toEqual(['UNCHANGED']);
    await settled.adopted.read(settled.changes.filter(({ state }) => state !== 'UNCHANGED'));
    expect(settled.snapshot.reads).toEqual([]);
    const lost = await adopt(given);
    expect(lost.changes.map(({ state }) => state)).toEqual(['ADDED']);
    expect((await lost.adopted.read(lost.changes)).get(oidOf(inStorage))).toEqual(bytesOf(inStorage));
    expect(lost.snapshot.reads).toEqual([oidOf(inGit)]);
  });

  it('fail to be read when the snapshot gives something else', async () => {
    const { adopted, snapshot } = await adopt({
      files: { '_flows/a.yml': flow('a') },
      state: [synced('_flows/a.yml', flowKey('a'), flow('a'))],
    });
    snapshot.read = async (oids) => new Map(oids.map((oid) => [oid, Uint8Array.of(0xff)]));
    const change = { gitPath: '_flows/a.yml', key: flowKey('a'), after: oidOf(flow('a')) } as ComparedChange;
    await expect(adopted.read([change])).rejects.toThrow('_flows/a.yml cannot be read as a flow.');
  });
});

describe('an invalid file', () => {
  it('fails the run before anything is written, with all that is wrong', async () => {
    const files = { '_flows/a.yml': broken('a'), '_flows/b.yml': 'x: [', '_flows/c.yml': flow('c') };
    expect(await failure(adopt({ files, ignoreInvalid: false }))).toMatchObject({
      code: 'INVALID_FLOW',
      message: expect.stringMatching(
        /^2 files are not a valid flow: _flows\/a\.yml:3:8: .*; _flows\/b\.yml:\d+:\d+: .*\. Nothing was written\.$/,
      ),
      hint: expect.stringContaining('ignoreInvalidFlows'),
      data: {
        files: [
          { path: '_flows/a.yml', message: expect.stringContaining('_flows/a.yml:3:8: ') },
          { path: '_flows/b.yml', message: expect.stringContaining('_flows/b.yml:') },
        ],
      },
    });
    expect(
      await failure(adopt({ files: { '_flows/a.yml': broken('a') }, ignoreInvalid: false })),
    ).toMatchObject({
      message: expect.stringMatching(/^A file is not a valid flow: /),
    });
  });

  it('is listed with nineteen others, and the rest counted', async () => {
    const many = (count: number) =>
      Object.fromEntries(
        Array.from({ length: count }, (_, index) => [`_flows/f${index}.yml`, broken(`f${index}`)]),
      );
    expect(await failure(adopt({ files: many(22), ignoreInvalid: false }))).toMatchObject({
      message: expect.stringMatching(/^22 files .*_flows\/f7\.yml:[^;]* and 2 more\. Nothing was written\.$/),
    });
    expect(await failure(adopt({ files: many(20), ignoreInvalid: false }))).toMatchObject({
      message: expect.stringMatching(/^20 files .*_flows\/f9\.yml:[^;]*(?<! more)\. Nothing was written\.$/),
    });
  });

  it('that is a link fails nothing', async () => {
    const files = { '_flows/l.yml': { mode: '120000', content: 'a' } as const };
    const { adopted } = await adopt({ files, ignoreInvalid: false });
    expect(adopted.invalid.map(({ reason }) => reason)).toEqual(['link']);
  });

  it('leaves its flow as it is, and the rest proceeds', async () => {
    expect(
      await rows({ files: { '_flows/a.yml': broken('a'), '_flows/b.yml': flow('b', 'dev') }, stored: all }),
    ).toEqual(['DELETED team/c', 'INVALID team/a', 'UNCHANGED team/b']);
  });

  it('leaves the flow that stood there before as it is, whatever it says now', async () => {
    const state = [synced('_flows/file.yml', flowKey('a'), 'older')];
    for (const content of [
      Uint8Array.of(0xff),
      'x: [',
      broken('new'),
      { mode: '120000', content: '' } as const,
    ]) {
      expect(await rows({ files: { '_flows/file.yml': content }, stored: all, state })).toEqual([
        'DELETED team/b',
        'DELETED team/c',
        'INVALID team/a',
      ]);
    }
  });

  it('leaves every flow it may mean as it is', async () => {
    const state = [synced('_flows/c.yml', flowKey('a'), 'older')];
    expect(await rows({ files: { '_flows/c.yml': broken('b') }, stored: all, state })).toEqual([
      'INVALID team/a',
      'UNCHANGED team/b',
      'UNCHANGED team/c',
    ]);
    const { adopted } = await adopt({ files: { '_flows/c.yml': broken('b') }, stored: all, state });
    expect(adopted.held.map(({ note }) => note)).toEqual([
      expect.stringContaining('_flows/c.yml:3:8'),
      'may be what _flows/c.yml means',
      'may be what _flows/c.yml means',
    ]);
  });

  it('holds back the deletions of its namespace when nobody can tell which flow it is', async () => {
    const inChild: [ResourceKey, string] = [flowKey('x', 'team.child'), flow('x', 'team.child')];
    for (const content of ['tasks: [', Uint8Array.of(0xff), 'services: {}\n', '<<<<<<< HEAD\n']) {
      expect(await rows({ files: { '_flows/none.yml': content }, stored: [...all, inChild] })).toEqual([
        'DELETED team.child/x',
        'INVALID team/none',
      ]);
      // That a stored flow has the file's name is no proof.
      expect(await rows({ files: { '_flows/a.yml': content }, stored: [...all, inChild] })).toEqual([
        'DELETED team.child/x',
        'INVALID team/a',
      ]);
    }
  });

  it('holds nothing back when its id is certain, or when it is a link', async () => {
    expect(await rows({ files: { '_flows/none.yml': broken('new') }, stored: [...all] })).toEqual([
      'DELETED team/a',
      'DELETED team/b',
      'DELETED team/c',
      'INVALID team/new',
    ]);
    const link = { mode: '120000', content: '' } as const;
    expect(await rows({ files: { '_flows/a.yml': link }, stored: [...all] })).toEqual([
      'DELETED team/b',
      'DELETED team/c',
      'INVALID team/a',
    ]);
  });

  it('with a certain id holds its flow even when another file claims it', async () => {
    const files = { '_flows/a.yml': broken('a'), '_flows/z.yml': flow('a', 'dev', 'description: new\n') };
    expect(await rows({ files, stored: [...all], deletes: false })).toEqual(['INVALID team/a']);
  });

  it('does not hold a flow that another file holds, except its certain one', async () => {
    const state = [synced('_flows/c.yml', flowKey('a'), 'older')];
    const files = { '_flows/c.yml': 'x: [', '_flows/other.yml': flow('c', 'team', 'description: new\n') };
    expect(await rows({ files, stored: [...all], state, deletes: false })).toEqual([
      'INVALID team/a',
      'UPDATED team/c',
    ]);
  });

  it('that only has the name of a flow does not stop another file from being this flow', async () => {
    const link = { mode: '120000', content: 'a.yml' } as const;
    const update = flow('a', 'team', 'description: new\n');
    const given = { stored: [...all], deletes: false };
    for (const other of [link, 'x: [']) {
      expect(await rows({ ...given, files: { '_flows/a.yaml': other, '_flows/a.yml': update } })).toContain(
        'UPDATED team/a',
      );
    }
  });

  it('is listed for each file', async () => {
    const files = { '_flows/a.yml': broken('a'), '_flows/a.yaml': broken('a') };
    const { changes } = await adopt({ files, stored: [...all], deletes: false });
    expect(changes.map(({ state, gitPath, before, after }) => [state, gitPath, before === after])).toEqual([
      ['INVALID', '_flows/a.yaml', true],
      ['INVALID', '_flows/a.yml', true],
    ]);
  });

  it('without any name is listed by its path', async () => {
    const { changes } = await adopt({ files: { '_flows/.yml': 'x: [' } });
    expect(changes.map(({ state, key, gitPath }) => [state, key.id, gitPath])).toEqual([
      ['INVALID', '_flows/.yml', '_flows/.yml'],
    ]);
  });
});

describe('the running flow', () => {
  const running = { namespace: 'team', flowId: 'a' };
  const note = 'the flow that runs this sync is left as it is';

  it('is not overwritten', async () => {
    const { changes } = await adopt({
      files: { '_flows/b.yml': flow('b'), '_flows/other.yml': flow('a', 'team', 'description: new\n') },
      stored: [...all],
      running,
      deletes: false,
    });
    expect(changes).toEqual([
      expect.objectContaining({ state: 'UNCHANGED', key: flowKey('b'), note: null }),
      expect.objectContaining({ state: 'UNCHANGED', key: flowKey('a'), gitPath: '_flows/other.yml', note }),
    ]);
  });

  it('is not deleted, and listed where it would stand', async () => {
    const { changes } = await adopt({ stored: [...all], running });
    expect(changes.map(({ state, key: { id }, gitPath, note: why }) => [state, id, gitPath, why])).toEqual([
      ['UNCHANGED', 'a', 'stored/a.yml', note],
      ['DELETED', 'b', 'stored/b.yml', null],
      ['DELETED', 'c', 'stored/c.yml', null],
    ]);
  });

  it('is not mentioned when nothing would happen to it', async () => {
    expect((await adopt({ stored: [...all], running, deletes: false })).changes).toEqual([]);
    const { changes } = await adopt({
      files: { '_flows/a.yml': flow('a', 'dev') },
      stored: [...all],
      running,
      deletes: false,
    });
    expect(changes.map(({ state, note: why }) => [state, why])).toEqual([['UNCHANGED', null]]);
  });

  it('is added when storage does not have it', async () => {
    expect(await rows({ files: { '_flows/a.yml': flow('a') }, running })).toEqual(['ADDED team/a']);
  });

  it('is another one in another namespace', async () => {
    expect(await rows({ stored: [...all], running: { namespace: 'team.x', flowId: 'a' } })).toContain(
      'DELETED team/a',
    );
  });

  it('is listed once when its file is invalid', async () => {
    expect(await rows({ files: { '_flows/a.yml': broken('a') }, stored: [...all], running })).toEqual([
      'DELETED team/b',
      'DELETED team/c',
      'INVALID team/a',
    ]);
  });
});

describe('the storage’s own validation', () => {
  const refusing = (id: string, problem: ValidationProblem): NonNullable<StorageAdapter['validate']> => {
    return async (items) => items.map(({ key }) => (key.id === id ? [problem, { message: 'and more' }] : []));
  };
  const files = { '_flows/a.yml': flow('a', 'dev'), '_flows/b.yml': flow('b') };

  it.each<[ValidationProblem, string]>([
    [{ message: 'no such type' }, '_flows/a.yml: no such type'],
    [{ message: 'no such type', line: 5 }, '_flows/a.yml:5:1: no such type'],
    [{ message: 'no such type', line: 5, column: 7 }, '_flows/a.yml:5:7: no such type'],
  ])('makes a file invalid: %j', async (problem, message) => {
    const validate = refusing('a', problem);
    expect(await failure(adopt({ files, validate, ignoreInvalid: false }))).toMatchObject({
      code: 'INVALID_FLOW',
      data: { files: [{ path: '_flows/a.yml', message }] },
    });
    const { adopted, changes } = await adopt({
      files,
      validate,
      stored: [[flowKey('a'), 'older'], ...all.slice(1)],
    });
    expect(adopted.invalid).toEqual([
      {
        gitPath: '_flows/a.yml',
        gitOid: oidOf(flow('a', 'dev')),
        namespace: 'team',
        candidates: ['a'],
        certain: true,
        reason: 'broken',
        message,
      },
    ]);
    expect(changes.map(({ state, key }) => `${state} ${key.id}`)).toEqual([
      'INVALID a',
      'UNCHANGED b',
      'DELETED c',
    ]);
  });

  it('is asked about what storage does not have in this form, and about nothing else', async () => {
    const asked: string[] = [];
    const validate: NonNullable<StorageAdapter['validate']> = async (items) => {
      asked.push(
        ...items.map(({ key, content }) => `${key.id} ${Buffer.from(content).toString().split('\n')[1]}`),
      );
      return items.map(() => []);
    };
    const state = [synced('_flows/c.yml', flowKey('c'), flow('c'))];
    await adopt({
      files: { ...files, '_flows/c.yml': flow('c') },
      stored: [[flowKey('b'), flow('b')]],
      state,
      validate,
    });
    expect(asked).toEqual(['a namespace: team']);
  });
});

describe('adoptChanged', () => {
  it('gives flows and their contents', async () => {
    const source = flow('a', 'dev');
    const snapshot = snapshotOf({ '_flows/a.yml': source });
    expect(await adoptChanged(snapshot, snapshot.entries, place)).toEqual({
      desired: [
        { key: flowKey('a'), gitPath: '_flows/a.yml', gitOid: oidOf(source), storedOid: oidOf(flow('a')) },
      ],
      contents: new Map([[oidOf(flow('a')), bytesOf(flow('a'))]]),
    });
  });

  it('gives up on what needs a closer look', async () => {
    const snapshot = snapshotOf({ '_flows/a.yml': flow('a'), '_flows/b.yml': broken('b') });
    expect(await adoptChanged(snapshot, snapshot.entries, place)).toBeNull();
  });
});
