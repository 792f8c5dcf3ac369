import { describe, expect, it } from 'vitest';
import type { ResourceKey } from '../../schemas/resources.js';
import type { ComparedChange } from '../../src/plan/compare.js';
import { readStoredFlows } from '../../src/plan/stored-flows.js';
import type { SyncedResource } from '../../src/plan/sync-state.js';
import { moveNamespace } from '../../src/resources/flow-path.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import { bytesOf, failure, flow, flowKey, oidOf, stateOf, store, synced } from './doubles.js';

async function read(
  stored: [ResourceKey, string | Uint8Array][],
  options: { state?: SyncedResource[]; references?: boolean } = {},
) {
  const storage = createMemoryStorage();
  const entries = await store(storage, stored);
  const reads: string[] = [];
  const watched = {
    ...storage,
    read: (...[keys, rest]: Parameters<typeof storage.read>) => {
      reads.push(...keys.map(({ id }) => id));
      return storage.read(keys, rest);
    },
  };
  const input = {
    entries,
    state: stateOf(options.state),
    toGit: (namespace: string) => moveNamespace(namespace, 'team', 'prod'),
    references: options.references ?? false,
    signal: new AbortController().signal,
  };
  return { storage, entries, reads, input, watched, flows: await readStoredFlows(watched, input) };
}

const adding = (id: string, after: string | null): ComparedChange => ({
  state: 'ADDED',
  key: flowKey(id),
  gitPath: `${id}.yml`,
  before: null,
  after,
  additions: 0,
  deletions: 0,
  replaced: 0,
  note: null,
});

describe('flows of storage for git', () => {
  it('get the namespace they have in git, and lose the server’s revision', async () => {
    const child = flowKey('b', 'team.child');
    const { flows } = await read([
      [flowKey('a'), `revision: 3\n${flow('a', 'team', '# end')}`],
      [child, flow('b', 'team.child')],
    ]);
    const [a, b] = [flow('a', 'prod', '# end'), flow('b', 'prod.child')];
    expect(flows.unfit).toEqual([]);
    expect(flows.flows).toEqual([
      { key: flowKey('a'), storedOid: oidOf(`revision: 3\n${flow('a', 'team', '# end')}`), gitOid: oidOf(a) },
      { key: child, storedOid: oidOf(flow('b', 'team.child')), gitOid: oidOf(b) },
    ]);
    const contents = await flows.read([adding('a', oidOf(a))]);
    expect(
      [contents.get(oidOf(a)), contents.get(oidOf(b))].map((one) => Buffer.from(one ?? []).toString()),
    ).toEqual([a, b]);
  });

  it('take their references along when they are told to', async () => {
    const source = (namespace: string) =>
      flow('a', namespace, `  - { id: s, flowId: b, namespace: ${namespace} }\n`);
    const stored: [ResourceKey, string][] = [
      [flowKey('a'), `${source('team').replace('id: s,', 'id: s, type: x,')}`],
    ];
    const gitOid = async (references: boolean) => (await read(stored, { references })).flows.flows[0]?.gitOid;
    const text = stored[0]?.[1] ?? '';
    expect(await gitOid(true)).toBe(oidOf(text.replaceAll('namespace: team', 'namespace: prod')));
    expect(await gitOid(false)).toBe(oidOf(text.replace('namespace: team', 'namespace: prod')));
  });

  it('that are as they were at the last push are not read, unless they are needed after all', async () => {
    const stored: [ResourceKey, string][] = [
      [flowKey('a'), flow('a')],
      [flowKey('b'), flow('b')],
    ];
    const state = [
      synced('a.yml', flowKey('a'), flow('a', 'prod'), flow('a')),
      synced('b.yml', flowKey('b'), flow('b', 'prod'), 'older'),
    ];
    const { flows, reads } = await read(stored, { state });
    expect(flows.flows.map(({ key, gitOid }) => [key.id, gitOid])).toEqual([
      ['a', oidOf(flow('a', 'prod'))],
      ['b', oidOf(flow('b', 'prod'))],
    ]);
    expect(reads).toEqual(['b']);
    await flows.read([adding('b', oidOf(flow('b', 'prod'))), adding('a', null)]);
    expect(reads).toEqual(['b']);
    const contents = await flows.read([adding('a', oidOf(flow('a', 'prod')))]);
    expect(reads).toEqual(['b', 'a']);
    expect(new Uint8Array(contents.get(oidOf(flow('a', 'prod'))) ?? [])).toEqual(bytesOf(flow('a', 'prod')));
  });

  it.each<[string, string | Uint8Array, string]>([
    ['a draft', flow('a', 'team', 'draft: true\n'), 'team.a is a draft'],
    ['no text', Uint8Array.of(0xff), 'team.a is not UTF-8 text'],
    ['no YAML', 'id: a\nx: [', 'team.a is not what its source says it is'],
    ['another flow', flow('b'), 'team.a is not what its source says it is'],
  ])('are not pushed when they are %s', async (_, content, note) => {
    const { flows } = await read([[flowKey('a'), content]]);
    expect(flows.flows).toEqual([]);
    expect(flows.unfit).toEqual([{ key: flowKey('a'), note }]);
  });

  it('may have a schema error, or an id that is no plain text', async () => {
    const { flows } = await read([
      [flowKey('a'), 'id: a\nnamespace: team\ntasks: []\n'],
      [flowKey('007'), flow('007')],
    ]);
    expect(flows.flows.map(({ key }) => key.id)).toEqual(['007', 'a']);
  });

  it('that change while they are read stop the push', async () => {
    const { storage, input, entries } = await read([[flowKey('a'), flow('a')]]);
    const expectedOid = entries[0]?.oid ?? null;
    await storage.apply({
      changes: [{ action: 'put', key: flowKey('a'), content: bytesOf('x'), expectedOid }],
    });
    expect(await failure(readStoredFlows(storage, input))).toMatchObject({
      code: 'STORAGE_CONFLICT',
      message: 'flow team/a changed while the push was planned.',
      hint: expect.any(String),
    });
    const gone = { ...storage, read: async () => [null] };
    expect(await failure(readStoredFlows(gone, input))).toMatchObject({ code: 'STORAGE_CONFLICT' });
  });

  it('are read with the run’s signal', async () => {
    const { storage, input } = await read([[flowKey('a'), flow('a')]]);
    const signal = AbortSignal.abort();
    expect(await failure(readStoredFlows(storage, { ...input, signal }))).toMatchObject({
      code: 'CANCELLED',
    });
  });
});
