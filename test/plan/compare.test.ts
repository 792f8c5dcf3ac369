import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ResourceKey } from '../../schemas/resources.js';
import {
  type Comparison,
  type CurrentResource,
  compare,
  type DesiredResource,
  type HeldResource,
} from '../../src/plan/compare.js';
import type { SyncedResource } from '../../src/plan/sync-state.js';
import { formatKey } from '../../src/storage/types.js';

const key = (id: string): ResourceKey => ({ kind: 'flow', namespace: 'team', id });
/** The target's id and the source's, on their sides. */
const onBothSides = (id: string, target: string, source: string, side: Comparison['target']) => ({
  key: key(id),
  gitPath: `${id}.yml`,
  ...(side === 'storage' ? { storedOid: target, gitOid: source } : { storedOid: source, gitOid: target }),
});
const wanted = (id: string, oid: string, side: Comparison['target'] = 'storage'): DesiredResource =>
  onBothSides(id, oid, `${oid}@source`, side);
const there = (id: string, oid: string, gitPath = `${id}.yml`): CurrentResource => ({
  key: key(id),
  gitPath,
  oid,
});
const held = (
  id: string,
  state: HeldResource['state'],
  gitPath: string | null = `${id}.yml`,
): HeldResource => ({
  key: key(id),
  gitPath,
  state,
  note: `${id} is held`,
});
/** What both sides had. */
const synced: (...sides: Parameters<typeof onBothSides>) => SyncedResource = onBothSides;

function changesOf(input: Partial<Omit<Comparison, 'base'>> & { base?: SyncedResource[] }) {
  return compare({
    desired: [],
    current: [],
    held: [],
    deletes: true,
    target: 'storage',
    onConflict: 'SOURCE',
    ...input,
    base: new Map((input.base ?? []).map((one) => [formatKey(one.key), one])),
  });
}

/** `STATE id path before>after note`. */
function rows(input: Parameters<typeof changesOf>[0]): string[] {
  return changesOf(input).map(({ state, key: { id }, gitPath, before, after, note }) =>
    [state, id, gitPath, `${before ?? '-'}>${after ?? '-'}`, ...(note === null ? [] : [note])].join(' '),
  );
}

describe('compare, the first time', () => {
  it('adds, updates, leaves and deletes, sorted by path', () => {
    const desired = [wanted('same', '1'), wanted('new', '2'), wanted('other', '3')];
    const current = [there('same', '1'), there('other', '9'), there('gone', '4')];
    expect(rows({ desired, current })).toEqual([
      'DELETED gone gone.yml 4>-',
      'ADDED new new.yml ->2',
      'UPDATED other other.yml 9>3',
      'UNCHANGED same same.yml 1>1',
    ]);
  });

  it('gives every change whole, its lines not counted yet', () => {
    expect(changesOf({ desired: [wanted('a', '1')] })).toEqual([
      {
        state: 'ADDED',
        key: key('a'),
        gitPath: 'a.yml',
        before: null,
        after: '1',
        additions: 0,
        deletions: 0,
        replaced: 0,
        note: null,
      },
    ]);
  });

  it.each([
    [false, []],
    [true, ['DELETED a a.yml 1>-', 'DELETED b b.yml 2>-']],
    [({ oid }: CurrentResource) => oid === '2', ['DELETED b b.yml 2>-']],
  ])('deletes what it may: %s', (deletes, expected) => {
    expect(rows({ current: [there('b', '2'), there('a', '1')], deletes })).toEqual(expected);
  });

  it('keeps the file that git has, whatever its name, and names the source’s file for storage', () => {
    const current = [there('a', '2', 'dir/other.yaml')];
    const towards = (target: Comparison['target']) =>
      rows({ desired: [wanted('a', '1', target)], current, target });
    expect(towards('git')).toEqual(['UPDATED a dir/other.yaml 2>1']);
    expect(towards('storage')).toEqual(['UPDATED a a.yml 2>1']);
  });

  it('sorts by code unit, then by key', () => {
    const current = [there('b', '1', 'x.yml'), there('a', '2', 'x.yml'), there('c', '3', 'Z.yml')];
    expect(rows({ current }).map((row) => row.split(' ')[1])).toEqual(['c', 'a', 'b']);
  });

  it('keeps kinds and namespaces apart', () => {
    const other = { ...there('a', '1'), key: { ...key('a'), namespace: 'team2' } };
    const file = { ...there('a', '1'), key: { ...key('a'), kind: 'file' as const } };
    expect(
      rows({ desired: [wanted('a', '1')], current: [other, file] }).map((row) => row.split(' ')[0]),
    ).toEqual(['DELETED', 'ADDED', 'DELETED']);
  });
});

describe('compare with what is held', () => {
  it('leaves it as it is, whether the source has it or not', () => {
    const current = [there('a', '1'), there('b', '2')];
    expect(
      rows({
        desired: [wanted('a', '9'), wanted('c', '9')],
        current,
        held: [held('a', 'INVALID'), held('b', 'UNCHANGED'), held('c', 'INVALID')],
      }),
    ).toEqual([
      'INVALID a a.yml 1>1 a is held',
      'UNCHANGED b b.yml 2>2 b is held',
      'INVALID c c.yml ->- c is held',
    ]);
  });

  it('lists each file that is an invalid form of it, and what is only guessed once', () => {
    const current = [there('a', '1')];
    const files = [
      held('a', 'UNCHANGED', 'guess.yml'),
      held('a', 'INVALID', 'y.yml'),
      held('a', 'INVALID', 'x.yml'),
    ];
    expect(rows({ current, held: files })).toEqual([
      'INVALID a x.yml 1>1 a is held',
      'INVALID a y.yml 1>1 a is held',
    ]);
    expect(rows({ current, held: [files[0], files[0]].flatMap((one) => one ?? []) })).toEqual([
      'UNCHANGED a guess.yml 1>1 a is held',
    ]);
  });

  it('lists what no file stands for where the target has it', () => {
    const input = { held: [held('a', 'UNCHANGED', null)] };
    expect(rows({ ...input, current: [there('a', '1', 'dir/a.yml')] })).toEqual([
      'UNCHANGED a dir/a.yml 1>1 a is held',
    ]);
    expect(rows(input)).toEqual([]);
  });
});

describe.each(['storage', 'git'] as const)('compare with a base, towards %s', (target) => {
  const base = [synced('a', 't1', 's1', target)];
  const want = (oid: string, sourceOid: string) => [onBothSides('a', oid, sourceOid, target)];

  it.each([
    ['only the source changed', want('t2', 's2'), [there('a', 't1')], 'UPDATED a a.yml t1>t2', null],
    ['only the target changed', want('t1', 's1'), [there('a', 't3')], 'UPDATED a a.yml t3>t1', null],
    ['both changed to the same', want('t2', 's2'), [there('a', 't2')], 'UNCHANGED a a.yml t2>t2', null],
    [
      'both changed',
      want('t2', 's2'),
      [there('a', 't3')],
      'OVERWRITTEN a a.yml t3>t2',
      'CONFLICT a a.yml t3>t3 changed on both sides',
    ],
    ['the target lost it', want('t1', 's1'), [], 'ADDED a a.yml ->t1', null],
    [
      'the target lost what the source changed',
      want('t2', 's2'),
      [],
      'ADDED a a.yml ->t2',
      'CONFLICT a a.yml ->- changed in the source, deleted in the target',
    ],
    ['the source lost it', [], [there('a', 't1')], 'DELETED a a.yml t1>-', null],
    [
      'the source lost what the target changed',
      [],
      [there('a', 't3')],
      'DELETED a a.yml t3>-',
      'CONFLICT a a.yml t3>t3 deleted in the source, changed in the target',
    ],
  ])('%s', (_, desired, current, withSource, withSkip) => {
    expect(rows({ desired, current, base, target, onConflict: 'SOURCE' })).toEqual([withSource]);
    expect(rows({ desired, current, base, target, onConflict: 'SKIP' })).toEqual([withSkip ?? withSource]);
  });

  it('finds no conflict where it may not delete', () => {
    expect(rows({ current: [there('a', 't3')], base, target, deletes: false, onConflict: 'SKIP' })).toEqual(
      [],
    );
  });
});

describe('any comparison', () => {
  const id = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
  const oid = fc.constantFrom('1', '2', '3');
  const once = <T>(item: fc.Arbitrary<T>, nameOf: (one: T) => string) =>
    fc.uniqueArray(item, { maxLength: 6, selector: nameOf });
  const input = fc.record({
    desired: once(fc.tuple(id, oid), ([name]) => name),
    current: once(
      fc
        .tuple(id, oid, fc.boolean())
        .map(([name, one, moved]) => there(name, one, moved ? `z/${name}.yaml` : undefined)),
      (one) => one.key.id,
    ),
    held: fc.array(fc.tuple(id, fc.constantFrom('INVALID' as const, 'UNCHANGED' as const)), { maxLength: 3 }),
    base: once(fc.tuple(id, oid, oid), ([name]) => name),
    deletes: fc.oneof(
      fc.boolean(),
      fc.constant((one: CurrentResource) => one.oid !== '1'),
    ),
    target: fc.constantFrom('storage' as const, 'git' as const),
    onConflict: fc.constantFrom('SOURCE' as const, 'SKIP' as const),
  });
  const inputs = input.map(({ desired, base, held: heldOnes, target, ...rest }) => ({
    ...rest,
    target,
    desired: desired.map(([name, one]): DesiredResource => onBothSides(name, one, `s${one}`, target)),
    held: heldOnes.map(([name, state]) => held(name, state, `${state}-${name}.yml`)),
    base: base.map(([name, mine, theirs]) => synced(name, mine, `s${theirs}`, target)),
  }));

  it('agrees with one made resource by resource', () => {
    fc.assert(
      fc.property(inputs, (one) => {
        const states = new Map<string, string>();
        for (const name of 'abcdef') {
          const state = naive(name, one);
          if (state !== null) states.set(name, state);
        }
        const changes = changesOf(one);
        const listed = new Map(changes.map((change) => [change.key.id, change.state]));
        expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(states));
        const places = changes.map((change) => `${change.gitPath} ${change.key.id}`);
        expect(places).toEqual([...places].sort());
        const twice = changes.filter(({ state }) => state !== 'INVALID').map((change) => change.key.id);
        expect(new Set(twice).size).toBe(twice.length);
        for (const { state, before, after } of changes) {
          const stays = ['UNCHANGED', 'INVALID', 'CONFLICT'].includes(state);
          expect(stays).toBe(before === after);
          expect(before === null && !stays).toBe(state === 'ADDED');
          expect(after === null && !stays).toBe(state === 'DELETED');
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('finds nothing left to do after it was applied', () => {
    fc.assert(
      fc.property(inputs, ({ held: _, onConflict: __, ...one }) => {
        const first = changesOf({ ...one, onConflict: 'SOURCE' });
        const after = new Map(one.current.map((resource) => [resource.key.id, resource]));
        const base = new Map(one.base.map((resource) => [resource.key.id, resource]));
        for (const change of first) {
          const { id: name } = change.key;
          const wantedOne = one.desired.find((desired) => desired.key.id === name);
          const source = (one.target === 'git' ? wantedOne?.storedOid : wantedOne?.gitOid) ?? '';
          if (change.after === null) {
            after.delete(name);
            base.delete(name);
          } else {
            after.set(name, { key: change.key, gitPath: change.gitPath, oid: change.after });
            base.set(name, synced(name, change.after, source, one.target));
          }
        }
        const again = changesOf({
          ...one,
          current: [...after.values()],
          base: [...base.values()],
          onConflict: 'SKIP',
        });
        expect(again.map(({ key: { id: name }, state }) => [name, state])).toEqual(
          first.filter(({ state }) => state !== 'DELETED').map((change) => [change.key.id, 'UNCHANGED']),
        );
      }),
      { numRuns: 1000 },
    );
  });
});

/** What becomes of one resource, told case by case. */
function naive(id: string, input: Parameters<typeof changesOf>[0]): string | null {
  const source = input.desired?.find((one) => one.key.id === id);
  const target = input.current?.find((one) => one.key.id === id);
  const base = input.base?.find((one) => one.key.id === id);
  const states = (input.held ?? []).filter((one) => one.key.id === id).map((one) => one.state);
  if (states.length > 0) return states.includes('INVALID') ? 'INVALID' : 'UNCHANGED';
  if (source === undefined && target === undefined) return null;
  const idsOf = (sides: DesiredResource | undefined) =>
    input.target === 'git' ? [sides?.gitOid, sides?.storedOid] : [sides?.storedOid, sides?.gitOid];
  const [baseTarget, baseSource] = idsOf(base);
  const [wantedOid, sourceOid] = idsOf(source);
  const targetMoved = base !== undefined && target?.oid !== baseTarget;
  const sourceMoved = base !== undefined && sourceOid !== baseSource;
  const conflict = targetMoved && sourceMoved && input.onConflict === 'SKIP';
  if (source === undefined && target !== undefined) {
    const may = typeof input.deletes === 'function' ? input.deletes(target) : input.deletes;
    if (may !== true) return null;
    return conflict ? 'CONFLICT' : 'DELETED';
  }
  if (wantedOid === target?.oid) return 'UNCHANGED';
  if (conflict) return 'CONFLICT';
  if (target === undefined) return 'ADDED';
  return targetMoved && sourceMoved ? 'OVERWRITTEN' : 'UPDATED';
}
