import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkBranchName } from '../../../src/git/push/branch-name.js';

function accepts(branch: string): boolean {
  try {
    checkBranchName(branch);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'INVALID_PROPERTIES' });
    return false;
  }
}

function gitAccepts(branch: string): boolean {
  return spawnSync('git', ['check-ref-format', `refs/heads/${branch}`]).status === 0;
}

describe('a branch name', () => {
  test.each(['main', 'release/1.2', 'feature/JIRA-12_x', 'ünïcode', 'a@b', 'heads', 'x.lockx', 'HEADS'])(
    '%j is accepted',
    (branch) => {
      expect(accepts(branch)).toBe(true);
    },
  );

  test.each([
    '',
    '/a',
    'a/',
    'a//b',
    '.a',
    'a/.b',
    'a.lock',
    'a.lock/b',
    'a..b',
    'a.',
    'a b',
    'a~1',
    'a^',
    'a:b',
    'a?',
  ])('%j is refused', (branch) => {
    expect(accepts(branch)).toBe(false);
  });

  test.each(['a*', 'a[0]', 'a\\b', 'a@{1}', '@', '-a', 'HEAD', 'a\nb', 'a\0b', 'a\x7f', 'refs/heads/main'])(
    '%j is refused',
    (branch) => {
      expect(accepts(branch)).toBe(false);
    },
  );

  test('is accepted exactly when git accepts the ref', () => {
    const sign = fc.constantFrom(...'ab./-@{~^:?*[\\ \t', '.lock', '..', 'HEAD');
    fc.assert(
      fc.property(fc.string({ unit: sign, minLength: 1, maxLength: 5 }), (branch) => {
        fc.pre(!branch.startsWith('-') && branch !== '@' && branch !== 'HEAD'); // stricter on purpose
        expect(accepts(branch)).toBe(gitAccepts(branch));
      }),
      { numRuns: 120 },
    );
  });
});
