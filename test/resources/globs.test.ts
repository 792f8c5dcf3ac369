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
  ])('%s and %s: %s', (glob, path, matches) => {
    expect(matchGlobs([glob])(path)).toBe(matches);
  });

  it('takes any of a list, and everything when there is none', () => {
    const either = matchGlobs(['a', '/b/*']);
    expect(['a', 'b/c', 'c'].map(either)).toEqual([true, true, false]);
    expect(matchGlobs(['', 'a'])('a')).toBe(true);
    expect([matchGlobs(undefined)('x/.y'), matchGlobs([])('x')]).toEqual([true, false]);
  });

  it('takes a name without wildcards for itself and nothing else', () => {
    const name = fc
      .stringMatching(/^[a-zA-Z0-9._~#$^+@=,;%& -]{1,8}$/)
      .filter((text) => !/^\.{1,2}$/.test(text));
    fc.assert(
      fc.property(name, name, (glob, other) => {
        expect(matchGlobs([glob])(glob)).toBe(true);
        expect(matchGlobs([glob])(other)).toBe(glob === other);
      }),
      { numRuns: 500 },
    );
  });
});
