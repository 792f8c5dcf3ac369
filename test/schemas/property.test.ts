import { describe, expect, it } from 'vitest';
import type * as z from 'zod';
import { bool, duration, integer, repositoryDirectory, stringList } from '../../schemas/property.js';
import { gitDirectory, guards, revision } from '../../schemas/transfer.js';

/** The value, or what is wrong with it. */
function read(schema: z.ZodType, value: unknown): unknown {
  const result = schema.safeParse(value);
  return result.success ? result.data : result.error.issues.map(({ message }) => message);
}

const outside = ['must be a relative directory inside the repository, without ".."'];
const inGit = ['must not point into ".git"'];

describe('a directory inside the repository', () => {
  it.each([
    ['.', ''],
    ['', ''],
    ['./', ''],
    ['_flows', '_flows'],
    ['./a/', 'a'],
    ['a//b/./c/', 'a/b/c'],
    ['..a/b..', '..a/b..'],
    ['.github/x.git', '.github/x.git'],
    ['My Flows/ü', 'My Flows/ü'],
    ['..', outside],
    ['a/../b', outside],
    ['a/..', outside],
    ['/', outside],
    ['/a', outside],
    ['a\\b', outside],
    ['..\\a', outside],
    ['a\0', outside],
    ['.git', inGit],
    ['./.git/hooks', inGit],
    ['a/.GIT/b', inGit],
  ])('%j is %j', (text, expected) => {
    expect(read(repositoryDirectory(), text)).toEqual(expected);
  });

  it.each([
    ['_flows', undefined, '_flows'],
    ['.', undefined, ''],
    ['_flows', '.', ''],
    ['_flows', '', ['must not be empty; the root is "."']],
  ])('is %j when %j is given', (fallback, given, directory) => {
    expect(read(gitDirectory(fallback), given)).toEqual(directory);
  });
});

describe('a duration', () => {
  const wrong = ['must be an ISO 8601 duration such as PT30S'];
  it.each([
    ['PT30S', 30_000],
    ['PT1.5S', 1500],
    ['PT0.0004S', 0],
    ['PT2M', 120_000],
    ['PT1H30M', 5_400_000],
    ['P1D', 86_400_000],
    ['P1DT2H3M4S', 93_784_000],
    ['pt5s', 5000],
    ['PT0S', 0],
    [30, 30_000],
    [0.5, 500],
    ['P', wrong],
    ['PT', wrong],
    ['P1DT', wrong],
    ['PT5', wrong],
    ['P1Y', wrong],
    ['PT-5S', wrong],
    ['5S', wrong],
    [' PT5S', wrong],
    ['PT5S\n', wrong],
    ['', wrong],
  ])('%j is %j', (value, expected) => {
    const found = read(duration(), value);
    expect(typeof found === 'number' ? found : wrong).toEqual(expected);
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY, null, true])('is not %j', (value) => {
    expect(duration().safeParse(value).success).toBe(false);
  });
});

it.each([
  ['a', ['a']],
  [
    ['a', 'b'],
    ['a', 'b'],
  ],
  [[], []],
  ['["a","b"]', ['a', 'b']],
  [' ["a"]\n', ['a']],
  ['[]', []],
  ['[ab]*', ['[ab]*']],
  ['[1]', ['[1]']],
  ['["a", 1]', ['["a", 1]']],
  ['{"a":1}', ['{"a":1}']],
  ['', ['']],
])('%j is the list %j', (value, list) => {
  expect(read(stringList(), value)).toEqual(list);
});

it.each([
  [true, true],
  [false, false],
  ['true', true],
  ['False', false],
])('%j is %j', (value, expected) => {
  expect(read(bool(), value)).toBe(expected);
});

it.each(['yes', '1', '', 1, 0, null, [], {}])('%j is neither true nor false', (value) => {
  expect(bool().safeParse(value).success).toBe(false);
});

describe('a whole number', () => {
  it.each([
    [1, 1],
    ['5', 5],
    ['007', 7],
    [9, 9],
  ])('%j is %j', (value, expected) => {
    expect(read(integer(1, 9), value)).toBe(expected);
  });

  it.each([0, 10, 1.5, '0', '10', '-1', '1.5', '1e0', ' 5', '', 'x', null, true, '9'.repeat(40)])(
    '%j is none within its bounds',
    (value) => {
      expect(integer(1, 9).safeParse(value).success).toBe(false);
    },
  );
});

describe('a budget of deletions', () => {
  it.each([
    [0, '0'],
    [10, '10'],
    ['10', '10'],
    ['50%', '50%'],
    ['12.5%', '12.5%'],
    [undefined, undefined],
  ])('%j is %j', (value, expected) => {
    expect(read(guards.maxDeletes, value)).toBe(expected);
  });

  it.each([-1, 1.5, '-1', '50 %', '%', '1.5', 'x%', '', true])('is not %j', (value) => {
    expect(guards.maxDeletes.safeParse(value).success).toBe(false);
  });
});

it.each([
  ['abcd', true],
  ['A'.repeat(40), true],
  ['abc', false],
  ['a'.repeat(41), false],
  ['main', false],
])('%s names a commit: %s', (text, answer) => {
  expect(revision.commit.safeParse(text).success).toBe(answer);
});
