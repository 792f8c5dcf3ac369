import { describe, expect, it } from 'vitest';
import type { ResourceKey } from '../../schemas/resources.js';
import { ignoredFlows } from '../../src/plan/ignored-flows.js';
import { loadIgnoreRules, relativePath } from '../../src/plan/load-ignore-rules.js';
import type { SyncedResource } from '../../src/plan/sync-state.js';
import { ignoreRules } from '../../src/resources/ignore-rules.js';
import { type FakeFile, failure, flow, flowKey, snapshotOf, stateOf, synced } from './doubles.js';

describe('the ignore files of a directory', () => {
  const load = async (files: Record<string, FakeFile>, directory = '_flows') => {
    const snapshot = snapshotOf(files);
    const rules = await loadIgnoreRules(snapshot, snapshot.entries, directory);
    return (...paths: string[]) => paths.filter(rules);
  };

  it('are both read, and no others', async () => {
    const files = {
      '_flows/.flowgitignore': 'a.yml\n',
      '_flows/.kestraignore': 'b.yml\n!a.yml\n',
      '_flows/x/.kestraignore': 'c.yml\n',
      '.kestraignore': 'd.yml\n',
    };
    expect((await load(files))('a.yml', 'b.yml', 'c.yml', 'd.yml')).toEqual(['b.yml']);
    expect((await load(files, ''))('d.yml', 'a.yml')).toEqual(['d.yml']);
    expect((await load({}))('a.yml')).toEqual([]);
  });

  it.each<[string, FakeFile, string]>([
    ['a link', { mode: '120000', content: 'x' }, 'a symbolic link, which is not followed'],
    ['a submodule', { mode: '160000', content: '' }, 'a submodule'],
    ['no text', Uint8Array.of(0xff), 'not UTF-8 text'],
  ])('stop the run when one is %s', async (_, file, what) => {
    expect(await failure(load({ '_flows/.kestraignore': file }))).toMatchObject({
      code: 'UNSUPPORTED',
      message: `The ignore file _flows/.kestraignore is ${what}: what it protects cannot be told.`,
      hint: expect.any(String),
      data: { path: '_flows/.kestraignore' },
    });
  });

  it('name paths relative to it', () => {
    expect([relativePath('_flows', '_flows/x/a.yml'), relativePath('', 'x/a.yml')]).toEqual([
      'x/a.yml',
      'x/a.yml',
    ]);
  });
});

describe('stored flows that ignore rules protect', () => {
  const place = { directory: '_flows', namespace: 'team', children: true };

  async function spared(given: {
    rules: string;
    files?: Record<string, FakeFile>;
    stored: ResourceKey[];
    found?: ResourceKey[];
    state?: SyncedResource[];
    deletes?: boolean;
  }) {
    const snapshot = snapshotOf(given.files ?? {});
    const ignored = await ignoreRules([given.rules]);
    const names = await ignoredFlows({
      snapshot,
      place,
      state: stateOf(given.state),
      stored: given.stored.map((key) => ({ key, oid: '1', revision: 1, size: 1 })),
      found: (given.found ?? []).map((key) => ({ key })),
      source: {
        ignored,
        ignoredEntries: snapshot.entries.filter(({ path }) => ignored(relativePath('_flows', path))),
      },
      deletes: given.deletes ?? true,
    });
    return { names: [...names].sort(), reads: snapshot.reads.length };
  }

  it('are those whose place is ignored, or was at the last run', async () => {
    const stored = [flowKey('a'), flowKey('b'), flowKey('c'), flowKey('d', 'team.child')];
    const state = [synced('_flows/moved.yml', flowKey('b'), 'x'), synced('_flows/c.yml', flowKey('c'), 'x')];
    expect(await spared({ rules: 'a.yml\nmoved.yml\nchild/\n', stored, state })).toEqual({
      names: ['flow team.child/d', 'flow team/a', 'flow team/b'],
      reads: 0,
    });
  });

  it('are those that an ignored file holds, whatever its name', async () => {
    const files = {
      '_flows/old/x.yml': flow('a'),
      '_flows/old/y.yml': 'tasks: [\nid: b',
      '_flows/z.yml': flow('z'),
    };
    const stored = [flowKey('a', 'team.old'), flowKey('b', 'team.old'), flowKey('c', 'team.old')];
    expect(await spared({ rules: 'old/[xy].yml\n', files, stored: [...stored, flowKey('z')] })).toEqual({
      names: ['flow team.old/a', 'flow team.old/b', 'flow team.old/y'],
      reads: 2,
    });
  });

  it('are not those that a file which is not ignored holds', async () => {
    const files = { '_flows/old.yml': flow('a'), '_flows/other.yml': flow('b') };
    const found = [flowKey('a')];
    expect(
      await spared({ rules: 'old.yml\na.yml\n', files, stored: [flowKey('a'), flowKey('c')], found }),
    ).toEqual({
      names: [],
      reads: 1,
    });
  });

  it('are looked for in files only when a stored flow would otherwise go', async () => {
    const files = { '_flows/old.yml': flow('b') };
    const rules = 'old.yml\na.yml\n';
    const nothing = { names: [], reads: 0 };
    expect(await spared({ rules, files, stored: [flowKey('b')], deletes: false })).toEqual(nothing);
    expect(await spared({ rules, files, stored: [flowKey('b')], found: [flowKey('b')] })).toEqual(nothing);
    expect(await spared({ rules, files, stored: [flowKey('a')] })).toEqual({
      names: ['flow team/a'],
      reads: 0,
    });
    expect(await spared({ rules, stored: [flowKey('b')] })).toEqual(nothing);
  });
});
