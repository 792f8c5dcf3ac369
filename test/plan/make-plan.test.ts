import { describe, expect, it } from 'vitest';
import { type ChangeState, changeStates, type PlanEndpoint, planDocument } from '../../schemas/plan.js';
import type { ComparedChange } from '../../src/plan/compare.js';
import { isChange, makePlan, summarize } from '../../src/plan/make-plan.js';
import { bytesOf, flowKey, oidOf } from './doubles.js';

const source: PlanEndpoint = {
  kind: 'git',
  url: 'https://host/x.git',
  revision: 'main',
  commit: null,
  directory: '_flows',
};
const target: PlanEndpoint = {
  kind: 'storage',
  location: 'memory:',
  resource: 'flow',
  namespace: 'team',
  children: false,
};

function change(state: ChangeState, id: string, before: string | null, after: string | null): ComparedChange {
  return {
    state,
    key: flowKey(id),
    gitPath: `_flows/${id}.yml`,
    before: before === null ? null : oidOf(before),
    after: after === null ? null : oidOf(after),
    additions: 0,
    deletions: 0,
    replaced: 0,
    note: null,
  };
}

async function plan(changes: ComparedChange[], contents: string[]) {
  const asked: Record<'before' | 'after', string[]> = { before: [], after: [] };
  const reader = (side: 'before' | 'after') => async (wanted: readonly ComparedChange[]) => {
    asked[side].push(...wanted.map(({ key }) => key.id));
    return new Map(contents.map((text) => [oidOf(text), bytesOf(text)]));
  };
  const made = await makePlan({
    direction: 'SYNC',
    task: 'git.SyncFlows',
    source,
    target,
    changes,
    readBefore: reader('before'),
    readAfter: reader('after'),
  });
  return { made, asked };
}

describe('a plan', () => {
  const changes = () => [
    change('ADDED', 'added', null, 'a\nb\n'),
    change('DELETED', 'deleted', 'x\n', null),
    change('OVERWRITTEN', 'overwritten', 'x\n', 'x\ny\n'),
    change('UPDATED', 'child/updated', 'a\nb\n', 'a\nc\n'),
    change('UNCHANGED', 'unchanged', 'u', 'u'),
    change('INVALID', 'invalid', 'i', 'i'),
    change('CONFLICT', 'conflict', 'c', 'c'),
  ];
  const contents = ['a\nb\n', 'x\n', 'x\ny\n', 'a\nc\n'];

  it('is plain data with lines and counts', async () => {
    const { made } = await plan(changes(), contents);
    const counted: Record<string, [number, number, number]> = {
      added: [2, 0, 0],
      deleted: [0, 1, 0],
      overwritten: [1, 0, 0],
      'child/updated': [1, 1, 1],
    };
    expect(planDocument.parse(JSON.parse(JSON.stringify(made.document)))).toEqual({
      version: 1,
      direction: 'SYNC',
      task: 'git.SyncFlows',
      source,
      target,
      changes: changes().map((one) => {
        const [additions, deletions, replaced] = counted[one.key.id] ?? [0, 0, 0];
        return { ...one, additions, deletions, replaced };
      }),
      summary: { added: 1, updated: 1, overwritten: 1, deleted: 1, unchanged: 1, invalid: 1, conflicted: 1 },
    });
  });

  it('reads what changes, once, and nothing else', async () => {
    const { made, asked } = await plan(changes(), contents);
    for (const one of made.document.changes) await made.diff(one);
    expect(made.volume).toBe(made.volume);
    expect(asked).toEqual({
      before: ['deleted', 'overwritten', 'child/updated'],
      after: ['added', 'overwritten', 'child/updated'],
    });
  });

  it('lays out the changed files, and no others', async () => {
    const { made } = await plan(changes(), contents);
    expect(made.volume.toJSON()).toEqual({
      '/_flows/added.yml': 'a\nb\n',
      '/_flows/overwritten.yml': 'x\ny\n',
      '/_flows/child/updated.yml': 'a\nc\n',
    });
    expect((await plan([], [])).made.volume.readdirSync('/')).toEqual([]);
  });

  it('lays out files at the root', async () => {
    const { made } = await plan([{ ...change('ADDED', 'a', null, 'x\n'), gitPath: 'a.yml' }], contents);
    expect(made.volume.toJSON()).toEqual({ '/a.yml': 'x\n' });
  });

  it('shows each change as a diff', async () => {
    const { made } = await plan(changes(), contents);
    const diffs = await Promise.all(made.document.changes.map((one) => made.diff(one)));
    expect(diffs).toEqual([
      '--- /dev/null\n+++ b/_flows/added.yml\n@@ -0,0 +1,2 @@\n+a\n+b\n',
      '--- a/_flows/deleted.yml\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-x\n',
      '--- a/_flows/overwritten.yml\n+++ b/_flows/overwritten.yml\n@@ -1,1 +1,2 @@\n x\n+y\n',
      '--- a/_flows/child/updated.yml\n+++ b/_flows/child/updated.yml\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n',
      '',
      '',
      '',
    ]);
  });

  it('gives the content that a change leaves', async () => {
    const { made } = await plan(changes(), contents);
    const [added, deleted] = made.document.changes;
    if (added === undefined || deleted === undefined) throw new Error('There are seven changes.');
    expect(made.contentAt(made.effective.indexOf(added))).toEqual(bytesOf('a\nb\n'));
    expect(() => made.contentAt(made.effective.indexOf(deleted))).toThrow(
      'The plan holds no content for _flows/deleted.yml.',
    );
  });

  it('cannot be made when a content was not given', async () => {
    await expect(plan([change('ADDED', 'a', null, 'missing')], [])).rejects.toThrow(
      `The content of blob ${oidOf('missing')} was not read.`,
    );
  });
});

it('counts by state', () => {
  const states = changeStates.flatMap((state, index) => Array.from({ length: index + 1 }, () => ({ state })));
  expect(summarize(states)).toEqual({
    added: 1,
    updated: 2,
    overwritten: 3,
    unchanged: 4,
    deleted: 5,
    invalid: 6,
    conflicted: 7,
  });
  expect(changeStates.filter((state) => isChange({ state }))).toEqual([
    'ADDED',
    'UPDATED',
    'OVERWRITTEN',
    'DELETED',
  ]);
});
