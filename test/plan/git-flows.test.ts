import { describe, expect, it } from 'vitest';
import { memoryOf, readGitFlows, refuseDuplicates } from '../../src/plan/git-flows.js';
import { bytesOf, type FakeFile, flow, flowKey, oidOf, snapshotOf, stateOf, synced } from './doubles.js';

const place = { directory: '_flows', namespace: 'team', children: true };

function read(files: Record<string, FakeFile>, known: Parameters<typeof stateOf>[0] = [], children = true) {
  const snapshot = snapshotOf(files);
  const memory = memoryOf(stateOf(known));
  return readGitFlows({ snapshot, entries: snapshot.entries, place: { ...place, children }, memory });
}

describe('the flows of a directory', () => {
  it('are keyed by the namespace of their place and the id inside them', async () => {
    const a = flow('a', 'other');
    const b = '{id: b, namespace: x, tasks: [{id: t, type: x}]}\n';
    expect(await read({ '_flows/any.yml': a, '_flows/x/y/b.yaml': b })).toEqual({
      flows: [
        {
          key: flowKey('a'),
          gitPath: '_flows/any.yml',
          gitOid: oidOf(a),
          writtenNamespace: 'other',
          source: a,
          content: bytesOf(a),
        },
        {
          key: flowKey('b', 'team.x.y'),
          gitPath: '_flows/x/y/b.yaml',
          gitOid: oidOf(b),
          writtenNamespace: 'x',
          source: b,
          content: bytesOf(b),
        },
      ],
      invalid: [],
    });
  });

  it('are nothing else: not other endings, not other directories, not deeper ones unless told', async () => {
    const files = {
      '_flows/a.json': '{}',
      '_flows/README.md': '# x',
      'b.yml': flow('b'),
      '_flows/x/c.yml': flow('c'),
    };
    expect((await read(files, [], false)).flows).toEqual([]);
    expect((await read(files)).flows.map(({ gitPath }) => gitPath)).toEqual(['_flows/x/c.yml']);
  });

  it('are named as storage names them', async () => {
    const snapshot = snapshotOf({
      '_flows/x/a.yml': flow('a'),
      '_flows/broken.yml': 'id: [',
      '_flows/l.yml': link,
    });
    const memory = memoryOf(stateOf());
    const toStorage = (namespace: string) => namespace.replace('team', 'dev');
    const { flows, invalid } = await readGitFlows({
      snapshot,
      entries: snapshot.entries,
      place,
      memory,
      toStorage,
    });
    expect(flows.map(({ key }) => key.namespace)).toEqual(['dev.x']);
    expect(invalid.map(({ namespace }) => namespace)).toEqual(['dev', 'dev']);
  });

  it('are not read when the last run saw the very same file', async () => {
    const [a, b] = [flow('a'), flow('b')];
    const snapshot = snapshotOf({ '_flows/a.yml': a, '_flows/b.yml': b });
    const state = stateOf([
      synced('_flows/a.yml', flowKey('remembered'), a),
      synced('_flows/b.yml', flowKey('b'), 'older'),
    ]);
    const { flows } = await readGitFlows({
      snapshot,
      entries: snapshot.entries,
      place,
      memory: memoryOf(state),
    });
    expect(flows).toEqual([
      {
        key: flowKey('remembered'),
        gitPath: '_flows/a.yml',
        gitOid: oidOf(a),
        writtenNamespace: null,
        source: null,
        content: null,
      },
      expect.objectContaining({ key: flowKey('b'), source: b }),
    ]);
    expect(snapshot.reads).toEqual([oidOf(b)]);
  });

  it('cannot be told when the snapshot does not give a file', async () => {
    const snapshot = { ...snapshotOf({ '_flows/a.yml': flow('a') }), read: async () => new Map() };
    await expect(
      readGitFlows({ snapshot, entries: snapshot.entries, place, memory: memoryOf(stateOf()) }),
    ).rejects.toThrow('_flows/a.yml');
  });
});

const link = { mode: '120000', content: '../secret' } as const;

describe('a file that is no valid flow', () => {
  it.each<[string, FakeFile, object]>([
    [
      'a schema error',
      'id: a\nnamespace: team\ntasks: []\n',
      {
        candidates: ['a', 'file'],
        certain: true,
        reason: 'broken',
        message: '_flows/file.yml:3:8: tasks: must not be empty',
      },
    ],
    [
      'a syntax error behind its id',
      'id: a\nnamespace: team\ntasks: [\n',
      {
        candidates: ['a', 'file'],
        certain: true,
        reason: 'broken',
        message: expect.stringMatching(/^_flows\/file\.yml:\d+:\d+: /),
      },
    ],
    [
      'no YAML, with something like an id',
      '<<<<<<< HEAD\n"id" : a\n=======\n',
      { candidates: ['a', 'file'], certain: false, reason: 'broken' },
    ],
    [
      'a byte-order mark and a syntax error',
      '\uFEFFid: a: b\n',
      { candidates: ['a', 'file'], certain: false, reason: 'broken' },
    ],
    ['no YAML at all', 'tasks: [\n', { candidates: ['file'], certain: false, reason: 'broken' }],
    [
      'no UTF-8',
      Uint8Array.of(0xff, 0xfe),
      { candidates: ['file'], certain: false, reason: 'broken', message: '_flows/file.yml: not UTF-8 text' },
    ],
    [
      'YAML of another kind',
      'services:\n  web: {}\n',
      {
        candidates: ['file'],
        certain: false,
        reason: 'foreign',
        message: expect.stringContaining('_flows/file.yml:1:1: id: '),
      },
    ],
    [
      'an id under an explicit key',
      '? id\n: a\n',
      { candidates: ['a', 'file'], certain: true, reason: 'broken' },
    ],
    ['an empty file', '', { candidates: ['file'], certain: false, reason: 'foreign' }],
    ['a list', '- id: a\n', { candidates: ['file'], certain: false, reason: 'foreign' }],
    [
      'an id that is no text',
      'id: [a]\nnamespace: team\n',
      { candidates: ['file'], certain: false, reason: 'foreign' },
    ],
    [
      'a symbolic link',
      link,
      {
        candidates: ['file'],
        certain: false,
        reason: 'link',
        message: '_flows/file.yml: a symbolic link, which is not followed',
      },
    ],
    [
      'a submodule',
      { mode: '160000', content: '' },
      { candidates: ['file'], certain: false, reason: 'link', message: '_flows/file.yml: a submodule' },
    ],
  ])('says what it may mean: %s', async (_, content, expected) => {
    const { flows, invalid } = await read({ '_flows/file.yml': content });
    expect(flows).toEqual([]);
    expect(invalid).toEqual([
      expect.objectContaining({ gitPath: '_flows/file.yml', namespace: 'team', ...expected }),
    ]);
  });

  it.each<[string, FakeFile, string[]]>([
    ['broken', 'id: b\nnamespace: team\ntasks: []\n', ['former', 'b', 'file']],
    ['no UTF-8', Uint8Array.of(0xff), ['former', 'file']],
    ['a link', link, ['former', 'file']],
  ])('certainly means the flow that stood there at the last run: %s', async (_, content, candidates) => {
    const { invalid } = await read({ '_flows/file.yml': content }, [
      synced('_flows/file.yml', flowKey('former'), 'older'),
    ]);
    expect(invalid).toEqual([expect.objectContaining({ candidates, certain: true })]);
  });

  it('stands in a directory that is no namespace', async () => {
    const { invalid } = await read({ '_flows/My Flows/a.yml': flow('a') });
    expect(invalid).toEqual([
      {
        gitPath: '_flows/My Flows/a.yml',
        gitOid: oidOf(flow('a')),
        namespace: 'team.My Flows',
        candidates: ['a'],
        certain: true,
        reason: 'broken',
        message:
          '_flows/My Flows/a.yml: its directory stands for the namespace "team.My Flows", which is not a valid one',
      },
    ]);
  });

  it('means nothing when it has neither an id nor a name', async () => {
    const { invalid } = await read({ '_flows/.yml': 'tasks: [' });
    expect(invalid[0]?.candidates).toEqual([]);
  });
});

describe('two files with one flow', () => {
  it('are refused, both named', async () => {
    const { flows } = await read({ '_flows/a.yml': flow('a'), '_flows/copy.yaml': flow('a', 'other') });
    expect(() => refuseDuplicates(flows)).toThrow(
      expect.objectContaining({
        code: 'DUPLICATE_FLOW',
        message: 'Two files hold the flow team.a: _flows/a.yml and _flows/copy.yaml.',
        hint: expect.any(String),
        data: { paths: ['_flows/a.yml', '_flows/copy.yaml'] },
      }),
    );
  });

  it('may hold one id in two namespaces', async () => {
    const { flows } = await read({ '_flows/a.yml': flow('a'), '_flows/x/a.yml': flow('a') });
    expect(() => refuseDuplicates(flows)).not.toThrow();
  });
});
