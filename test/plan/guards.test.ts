import { describe, expect, it } from 'vitest';
import type { ChangeState } from '../../schemas/plan.js';
import type { ComparedChange } from '../../src/plan/compare.js';
import { refuseConflicts, refuseEmptySource, refuseManyDeletions } from '../../src/plan/guards.js';
import { planUndisputed, type TransferInput, type TransferPolicy } from '../../src/plan/transfer.js';
import { formatKey } from '../../src/storage/types.js';

function changes(count: number, state: ChangeState = 'DELETED'): ComparedChange[] {
  return Array.from({ length: count }, (_, index) => ({
    state,
    key: { kind: 'flow', namespace: 'team', id: `f${index}` },
    gitPath: `f${index}.yml`,
    before: 'a',
    after: null,
    additions: 0,
    deletions: 0,
    replaced: 0,
    note: state === 'CONFLICT' ? 'changed twice' : null,
  }));
}

const names = (count: number) => changes(count).map(({ key }) => formatKey(key));
const plan = (deletions: number, targetCount: number, sourceCount = 1) => ({
  changes: [...changes(deletions), ...changes(3, 'UPDATED')],
  sourceCount,
  targetCount,
  source: 'the source',
  target: 'the target',
});

/** The error's code and data, or null. */
function refusal(act: () => void): unknown {
  try {
    act();
    return null;
  } catch (error) {
    return error;
  }
}

describe('the budget of deletions', () => {
  it.each([
    [undefined, 0, 0, true],
    [undefined, 10, 10, true],
    [undefined, 11, 22, true],
    [undefined, 11, 21, false],
    [undefined, 12, 23, false],
    ['50%', 1, 1, false],
    ['50%', 1, 2, true],
    ['50%', 2, 3, false],
    ['100%', 30, 30, true],
    ['0', 0, 5, true],
    ['0', 1, 5, false],
    ['0%', 1, 5, false],
    ['3', 3, 3, true],
    ['3', 4, 100, false],
    ['12.5%', 1, 8, true],
    ['12.5%', 2, 8, false],
    ['29%', 29, 100, true],
    ['57%', 57, 100, true],
    ['57%', 58, 100, false],
    ['1.15%', 115, 10_000, true],
    ['1.15%', 116, 10_000, false],
  ])('%s lets %i of %i go: %s', (budget, deletions, target, passes) => {
    expect(refusal(() => refuseManyDeletions(plan(deletions, target), budget)) === null).toBe(passes);
  });

  it('lists what would have gone', () => {
    expect(refusal(() => refuseManyDeletions(plan(22, 30), undefined))).toMatchObject({
      code: 'DELETION_BUDGET_EXCEEDED',
      message: `This run would delete 22 of 30 in the target, more than "maxDeletes: 50%" allows. Nothing was written. It would have deleted: ${names(20).join(', ')} and 2 more.`,
      hint: expect.stringContaining('maxDeletes'),
      data: { deletions: names(22), allowed: 15, targetCount: 30 },
    });
    expect(refusal(() => refuseManyDeletions(plan(20, 20), '2.5%'))).toMatchObject({
      message: expect.stringMatching(/flow team\/f19\.$/),
      data: { allowed: 0 },
    });
  });
});

describe('an empty source', () => {
  it.each([
    [0, 0, false, true],
    [0, 1, true, true],
    [1, 1, false, true],
    [0, 1, false, false],
  ])('of %i against %i deletions, allowed: %s, passes: %s', (sourceCount, deletions, allowed, passes) => {
    expect(refusal(() => refuseEmptySource(plan(deletions, 5, sourceCount), allowed)) === null).toBe(passes);
  });

  it('names both sides', () => {
    const messageFor = (deletions: number) => refusal(() => refuseEmptySource(plan(deletions, 5, 0), false));
    expect(messageFor(1)).toMatchObject({
      code: 'EMPTY_SOURCE',
      message: 'Nothing was found in the source, and "delete" would remove the only resource of the target.',
      hint: expect.stringContaining('allowEmpty'),
      data: { deletions: names(1) },
    });
    expect(messageFor(2)).toMatchObject({
      message: 'Nothing was found in the source, and "delete" would remove all 2 resources of the target.',
      data: { deletions: names(2) },
    });
  });
});

describe('conflicts', () => {
  it('stop a run that must not settle them', () => {
    expect(refusal(() => refuseConflicts(changes(3, 'UPDATED'), 'FAIL'))).toBeNull();
    expect(
      refusal(() => refuseConflicts([...changes(1, 'CONFLICT'), ...changes(2, 'ADDED')], 'FAIL')),
    ).toMatchObject({
      code: 'CONFLICT',
      message:
        'One resource changed on both sides since the last run: flow team/f0 (changed twice). Nothing was written.',
      hint: expect.stringMatching(/"onConflict" to SOURCE,.* to MERGE,.* to SKIP/),
      data: { conflicts: names(1) },
    });
    expect(refusal(() => refuseConflicts(changes(21, 'CONFLICT'), 'MERGE'))).toMatchObject({
      message: expect.stringMatching(/^21 resources changed .* and 1 more\. Nothing was written\.$/),
      data: { conflicts: names(21) },
    });
  });
});

describe('planUndisputed', () => {
  const policy: TransferPolicy = {
    delete: true,
    allowEmpty: false,
    deleteScope: 'ALL',
    onConflict: 'SOURCE',
  };
  const there = (id: string, oid = '1') => ({
    key: { kind: 'flow' as const, namespace: 'team', id },
    gitPath: `${id}.yml`,
    oid,
  });
  const wanted = (id: string, oid = '1') => {
    const { key, gitPath } = there(id);
    return { key, gitPath, gitOid: oid, storedOid: oid };
  };
  const known = (id: string) => wanted(id);

  function states(
    input: Partial<Omit<TransferInput, 'policy' | 'state'>>,
    choices: Partial<TransferPolicy> = {},
  ) {
    const byKey = new Map([known('a'), known('b')].map((one) => [formatKey(one.key), one]));
    const changed = planUndisputed({
      desired: [],
      current: [],
      held: [],
      target: 'storage',
      sourceName: 'source',
      targetName: 'target',
      ...input,
      state: { byKey },
      policy: { ...policy, ...choices },
    });
    return changed.map(({ key, state }) => `${state} ${key.id}`);
  }

  const input = { desired: [wanted('x')], current: [there('a'), there('b', '2'), there('c')] };

  it('deletes what it is told to, where it may', () => {
    expect(states(input)).toEqual(['DELETED a', 'DELETED b', 'DELETED c', 'ADDED x']);
    expect(states(input, { delete: false })).toEqual(['ADDED x']);
    expect(states(input, { deleteScope: 'OWNED' })).toEqual(['DELETED a', 'DELETED b', 'ADDED x']);
    expect(states({ ...input, mayDelete: ({ key }) => key.id !== 'a' })).toEqual([
      'DELETED b',
      'DELETED c',
      'ADDED x',
    ]);
  });

  it('leaves conflicts, overwrites them, or stops', () => {
    expect(states(input, { onConflict: 'SKIP' })).toEqual([
      'DELETED a',
      'CONFLICT b',
      'DELETED c',
      'ADDED x',
    ]);
    const changed = { desired: [wanted('b', '3')], current: [there('b', '2')] };
    expect(states(changed)).toEqual(['OVERWRITTEN b']);
    expect(states(changed, { onConflict: 'SKIP' })).toEqual(['CONFLICT b']);
    expect(refusal(() => states(changed, { onConflict: 'FAIL' }))).toMatchObject({ code: 'CONFLICT' });
    expect(states({ desired: [wanted('a')], current: [there('a')] }, { onConflict: 'FAIL' })).toEqual([
      'UNCHANGED a',
    ]);
  });

  it('stops when a merge is needed', () => {
    expect(refusal(() => states(input, { onConflict: 'MERGE' }))).toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('flow team/b (deleted in the source, changed in the target)'),
    });
  });

  it('guards the empty source and the budget', () => {
    const nothing = { current: input.current };
    expect(refusal(() => states(nothing))).toMatchObject({
      code: 'EMPTY_SOURCE',
      message: expect.stringMatching(/found in source, .* of target\.$/),
    });
    expect(states(nothing, { allowEmpty: true })).toEqual(['DELETED a', 'DELETED b', 'DELETED c']);
    expect(refusal(() => states(input, { maxDeletes: '2' }))).toMatchObject({
      code: 'DELETION_BUDGET_EXCEEDED',
      data: { allowed: 2, targetCount: 3 },
    });
  });

  it('counts what the sides have when they are not given whole', () => {
    const few = { current: [there('a')], counts: { source: 9, target: 100 } };
    expect(states(few, { maxDeletes: '1%' })).toEqual(['DELETED a']);
    expect(
      refusal(() => states({ ...few, counts: { source: 9, target: 99 } }, { maxDeletes: '1%' })),
    ).toMatchObject({
      data: { targetCount: 99 },
    });
    expect(refusal(() => states({ ...few, counts: { source: 0, target: 9 } }))).toMatchObject({
      code: 'EMPTY_SOURCE',
    });
  });
});
