import { describe, expect, it } from 'vitest';
import type { ChangeState } from '../../schemas/plan.js';
import type { ComparedChange } from '../../src/plan/compare.js';
import { refusePathClashes } from '../../src/plan/path-clashes.js';

function change(state: ChangeState, gitPath: string): ComparedChange {
  return {
    state,
    key: { kind: 'file', namespace: 'team', id: gitPath },
    gitPath,
    before: null,
    after: null,
    additions: 0,
    deletions: 0,
    replaced: 0,
    note: null,
  };
}

function clash(changes: [ChangeState, string][], existing: string[]): unknown {
  try {
    refusePathClashes(
      changes.map(([state, path]) => change(state, path)),
      existing,
    );
    return null;
  } catch (error) {
    return error;
  }
}

describe('a path that would be file and directory', () => {
  it.each<[[ChangeState, string][], string[], [string, string]]>([
    [[['ADDED', 'a']], ['a/b'], ['a', 'a/b']],
    [[['ADDED', 'a/b']], ['a'], ['a', 'a/b']],
    [[['ADDED', 'x/a/b/c']], ['x/a'], ['x/a', 'x/a/b/c']],
    [
      [
        ['ADDED', 'a'],
        ['ADDED', 'a/b'],
      ],
      [],
      ['a', 'a/b'],
    ],
    [
      [
        ['UPDATED', 'a/b'],
        ['DELETED', 'c'],
      ],
      ['a', 'c'],
      ['a', 'a/b'],
    ],
    [
      [
        ['OVERWRITTEN', 'a/b'],
        ['UNCHANGED', 'a'],
      ],
      ['a'],
      ['a', 'a/b'],
    ],
  ])('%j beside %j is refused', (changes, existing, paths) => {
    expect(clash(changes, existing)).toMatchObject({
      code: 'CONFLICT',
      message: `${paths[0]} would have to be a file and, because of ${paths[1]}, a directory.`,
      hint: expect.any(String),
      data: { paths },
    });
  });

  it.each<[[ChangeState, string][], string[]]>([
    [
      [
        ['ADDED', 'a/b'],
        ['DELETED', 'a'],
      ],
      ['a'],
    ],
    [
      [
        ['ADDED', 'a'],
        ['DELETED', 'a/b'],
        ['DELETED', 'a/c/d'],
      ],
      ['a/b', 'a/c/d'],
    ],
    [[['ADDED', 'ab']], ['a/b']],
    [[['ADDED', 'x/ab']], ['x/a']],
    [[['ADDED', 'a/c']], ['a/b', 'b']],
    [[['UPDATED', 'a/b']], ['a/b']],
    [[['DELETED', 'a']], ['a', 'a/b']],
    [
      [
        ['CONFLICT', 'a'],
        ['INVALID', 'a/b'],
        ['UNCHANGED', 'a/b/c'],
      ],
      [],
    ],
    [
      [
        ['ADDED', 'b'],
        ['INVALID', 'a/b'],
      ],
      ['a'],
    ],
    [[], ['a', 'a/b']],
  ])('%j beside %j passes', (changes, existing) => {
    expect(clash(changes, existing)).toBeNull();
  });
});
