import { describe, expect, it } from 'vitest';
import type { ResourceKey } from '../../schemas/resources.js';
import { memoryOf, readGitFlows } from '../../src/plan/git-flows.js';
import { placeFlows, rememberPushed } from '../../src/plan/place-flows.js';
import type { SyncedResource } from '../../src/plan/sync-state.js';
import { pathOfFlow } from '../../src/resources/flow-path.js';
import { type FakeFile, flow, flowKey, oidOf, snapshotOf, stateOf, synced } from './doubles.js';

const place = { directory: '_flows', namespace: 'team', children: true };
const pathOf = ({ namespace, id }: ResourceKey) => pathOfFlow(place, namespace, id);

interface Given {
  files?: Record<string, FakeFile>;
  /** Flows of storage, by id; `team.child/x` is in a child namespace. */
  stored?: string[];
  unfit?: string[];
  state?: SyncedResource[];
  selected?: (id: string) => boolean;
  writes?: (namespace: string) => boolean;
  isIgnored?: (path: string) => boolean;
}

function keyOf(name: string): ResourceKey {
  const [id = '', namespace] = name.split('/').reverse();
  return flowKey(id, namespace);
}

async function placed({
  files = {},
  stored = [],
  unfit = [],
  state,
  isIgnored = () => false,
  ...given
}: Given) {
  const snapshot = snapshotOf(files);
  const visible = snapshot.entries.filter(({ path }) => !isIgnored(path));
  const found = await readGitFlows({ snapshot, entries: visible, place, memory: memoryOf(stateOf(state)) });
  return placeFlows({
    stored: {
      flows: stored.map((name) => ({ key: keyOf(name), storedOid: `stored ${name}`, gitOid: `git ${name}` })),
      unfit: unfit.map((name) => ({ key: keyOf(name), note: `${name} is a draft` })),
    },
    found,
    entries: snapshot.entries,
    selected: given.selected ?? (() => true),
    writes: given.writes ?? (() => true),
    pathOf,
    isIgnored,
  });
}

/** `id → path` of every flow to be written. */
async function paths(given: Given): Promise<string[]> {
  const { desired } = await placed(given);
  return desired.map(({ key, gitPath }) => `${key.id} → ${gitPath}`);
}

const broken = (id: string) => `id: ${id}\nnamespace: team\ntasks: []\n`;

describe('the place of a flow in git', () => {
  it('is its id below its namespace, when git does not have it', async () => {
    expect(await placed({ stored: ['a', 'team.child/b'] })).toEqual({
      desired: [
        { key: flowKey('a'), gitPath: '_flows/a.yml', gitOid: 'git a', storedOid: 'stored a' },
        {
          key: flowKey('b', 'team.child'),
          gitPath: '_flows/child/b.yml',
          gitOid: 'git team.child/b',
          storedOid: 'stored team.child/b',
        },
      ],
      current: [],
      held: [],
      mayDelete: expect.any(Function),
    });
  });

  it('is the file that holds it, whatever its name and ending', async () => {
    const files = { '_flows/other.yaml': flow('a'), '_flows/child/x.yml': flow('b') };
    const { desired, current } = await placed({ files, stored: ['a', 'team.child/b'] });
    expect(desired.map(({ gitPath }) => gitPath)).toEqual(['_flows/other.yaml', '_flows/child/x.yml']);
    expect(current).toEqual([
      { key: flowKey('b', 'team.child'), gitPath: '_flows/child/x.yml', oid: oidOf(flow('b')) },
      { key: flowKey('a'), gitPath: '_flows/other.yaml', oid: oidOf(flow('a')) },
    ]);
  });

  it.each<[string, Record<string, FakeFile>]>([
    ['YAML of another kind', { '_flows/a.yml': 'services: {}\n' }],
    ['another flow', { '_flows/a.yml': flow('other') }],
    ['a broken form of another flow', { '_flows/a.yml': broken('other') }],
    ['a symbolic link', { '_flows/a.yml': { mode: '120000', content: 'x' } }],
    ['a directory', { '_flows/a.yml/README.md': '' }],
  ])('has the other ending where %s has its name', async (_, files) => {
    expect(await paths({ files, stored: ['a'] })).toEqual(['a → _flows/a.yaml']);
  });

  it.each<[string, Record<string, FakeFile>, string[]]>([
    [
      'both names are taken',
      { '_flows/a.yml': 'services: {}\n', '_flows/a.yaml': flow('x') },
      ['_flows/a.yml', '_flows/a.yaml'],
    ],
    ['its directory is a file', { '_flows/child': '' }, ['_flows/child/a.yml', '_flows/child/a.yaml']],
    ['its gitDirectory is a file', { _flows: '' }, ['_flows/child/a.yml', '_flows/child/a.yaml']],
  ])('does not exist when %s', async (_, files, taken) => {
    const name = taken[0]?.includes('child') ? 'team.child/a' : 'a';
    await expect(placed({ files, stored: [name] })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: `The flow ${keyOf(name).namespace}.a has no place in git: ${taken.join(' and ')} are taken by something else.`,
      hint: expect.stringContaining('gitDirectory'),
      data: { paths: taken },
    });
  });

  it.each<[string, FakeFile]>([
    ['no YAML', 'x: [\n'],
    ['no UTF-8', Uint8Array.of(0xff)],
    ['a broken form of it', broken('a')],
  ])('is taken over from a file there that is %s', async (_, content) => {
    const { desired, current } = await placed({ files: { '_flows/a.yml': content }, stored: ['a'] });
    expect(desired.map(({ gitPath }) => gitPath)).toEqual(['_flows/a.yml']);
    expect(current).toEqual([
      { key: flowKey('a'), gitPath: '_flows/a.yml', oid: snapshotOf({ x: content }).entries[0]?.oid },
    ]);
  });

  it('is the broken file that is certainly this flow, wherever it stands', async () => {
    const files = { '_flows/other.yml': broken('a'), '_flows/guess.yml': '<<<<<<< HEAD\nid: b\n' };
    expect(await paths({ files, stored: ['a', 'b', 'team.child/a'] })).toEqual([
      'a → _flows/other.yml',
      'b → _flows/b.yml',
      'a → _flows/child/a.yml',
    ]);
    const state = [synced('_flows/home.yml', flowKey('c'), 'older')];
    expect(await paths({ files: { '_flows/home.yml': 'x: [' }, stored: ['c'], state })).toEqual([
      'c → _flows/home.yml',
    ]);
  });

  it('is the broken file in its own place before one elsewhere', async () => {
    const files = { '_flows/0.yml': broken('a'), '_flows/a.yml': broken('a') };
    expect(await paths({ files, stored: ['a'] })).toEqual(['a → _flows/a.yml']);
  });

  it('is nowhere when it is ignored', async () => {
    const stored = ['a', 'b'];
    expect(await paths({ stored, isIgnored: (path) => path === '_flows/a.yml' })).toEqual([
      'b → _flows/b.yml',
    ]);
    const files = { '_flows/b.yml': 'services: {}\n' };
    await expect(
      placed({ files, stored, isIgnored: (path) => path.endsWith('.yaml') }),
    ).rejects.toMatchObject({
      data: { paths: ['_flows/b.yml'] },
    });
  });
});

describe('files in git', () => {
  const files = {
    '_flows/a.yml': flow('a'),
    '_flows/b.yml': flow('b'),
    '_flows/c.yml': flow('c', 'elsewhere'),
  };

  it('are out of reach when the globs do not name their flow', async () => {
    const { current } = await placed({ files, selected: (id) => id === 'b' });
    expect(current.map(({ key }) => key.id)).toEqual(['b']);
  });

  it('stay as they are when their flow is not pushed, and are not made for it', async () => {
    const { held, desired } = await placed({
      files: { ...files, '_flows/other.yaml': flow('d') },
      unfit: ['a', 'd', 'new'],
    });
    expect(held).toEqual([
      { key: flowKey('a'), gitPath: '_flows/a.yml', state: 'UNCHANGED', note: 'a is a draft' },
      { key: flowKey('d'), gitPath: '_flows/other.yaml', state: 'UNCHANGED', note: 'd is a draft' },
    ]);
    expect(desired).toEqual([]);
  });

  it('may go unless they say that they are of a namespace which is not pushed', async () => {
    const { current, mayDelete } = await placed({ files, writes: (namespace) => namespace === 'team' });
    expect(current.map((file) => [file.key.id, mayDelete(file)])).toEqual([
      ['a', true],
      ['b', true],
      ['c', false],
    ]);
    const state = [synced('_flows/c.yml', flowKey('c'), files['_flows/c.yml'])];
    const known = await placed({ files, state, writes: (namespace) => namespace === 'team' });
    expect(known.current.map(known.mayDelete)).toEqual([true, true, true]);
  });
});

describe('rememberPushed', () => {
  const flows = [{ key: flowKey('a'), storedOid: 's', gitOid: oidOf(flow('a')) }];
  const state = stateOf([synced('_flows/b.yml', flowKey('b'), flow('b'))]);
  const memory = rememberPushed(state, flows, pathOf);
  const entry = (path: string, content: string) => ({ path, oid: oidOf(content), mode: '100644' as const });

  it('knows what a push would write, and what the last one wrote', () => {
    expect(memory.keyOf(entry('_flows/a.yml', flow('a')))).toEqual(flowKey('a'));
    expect(memory.keyOf(entry('_flows/a.yml', 'other'))).toBeNull();
    expect(memory.keyOf(entry('_flows/other.yml', flow('a')))).toBeNull();
    expect(memory.keyOf(entry('_flows/b.yml', flow('b')))).toEqual(flowKey('b'));
    expect(memory.keyOf(entry('_flows/b.yml', 'other'))).toBeNull();
    expect([memory.formerKey('_flows/b.yml'), memory.formerKey('_flows/a.yml')]).toEqual([
      flowKey('b'),
      null,
    ]);
  });
});
