import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchGlobs } from '../../src/resources/globs.js';

describe('matchGlobs', () => {
  it.each([
    ['*', 'a', true],
    ['*', '.a', true],
    ['*', 'a/b', false],
    ['**', 'a/.b/c', true],
    ['*.yml', 'a.yml', true],
    ['*.yml', '.a.yml', true],
    ['*.yml', 'x/a.yml', false],
    ['**/*.yml', 'a.yml', true],
    ['**/*.yml', 'x/y/a.yml', true],
    ['a/**', 'a/b/c', true],
    ['a/**', 'a', false],
    ['a/**', 'ab', false],
    ['a/*', 'a/b', true],
    ['a/*', 'a/b/c', false],
    ['/a/*', 'a/b', true],
    ['//a', 'a', true],
    ['?', 'a', true],
    ['?', '/', false],
    ['a?c', 'abc', true],
    ['[ab]', 'b', true],
    ['[ab]', 'c', false],
    ['[!ab]', 'c', true],
    ['[!ab]', 'a', false],
    ['[a-c]1', 'b1', true],
    ['{a,b}.txt', 'b.txt', true],
    ['{a,b}.txt', 'c.txt', false],
    ['a\\*', 'a*', true],
    ['a\\*', 'ab', false],
    ['etl.*', 'etl.daily', true],
    ['etl.*', 'etlx', false],
    ['!a', 'b', false],
    ['!a', '!a', true],
    ['+(a)', 'aa', false],
    ['', 'a', false],
    ['/', 'a', false],
  ])('%s and %s: %s', async (glob, path, matches) => {
    expect((await matchGlobs([glob]))(path)).toBe(matches);
  });

  it('takes any of a list, and everything when there is none', async () => {
    const either = await matchGlobs(['a', '/b/*']);
    expect(['a', 'b/c', 'c'].map(either)).toEqual([true, true, false]);
    expect((await matchGlobs(['', 'a']))('a')).toBe(true);
    expect([(await matchGlobs(undefined))('x/.y'), (await matchGlobs([]))('x')]).toEqual([true, false]);
  });

  it('takes a name without wildcards for itself and nothing else', async () => {
    const name = fc
      .stringMatching(/^[a-zA-Z0-9._~#$^+@=,;%& -]{1,8}$/)
      .filter((text) => !/^\.{1,2}$/.test(text));
    await fc.assert(
      fc.asyncProperty(name, name, async (glob, other) => {
        const matches = await matchGlobs([glob]);
        expect(matches(glob)).toBe(true);
        expect(matches(other)).toBe(glob === other);
      }),
      { numRuns: 500 },
    );
  });
});
