import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countLines, unifiedDiff } from '../../src/plan/line-diff.js';

const bytes = (text: string | null) => (text === null ? null : Buffer.from(text));

describe('countLines', () => {
  it.each<[string | null, string | null, [number, number, number]]>([
    [null, null, [0, 0, 0]],
    [null, '', [0, 0, 0]],
    ['', null, [0, 0, 0]],
    [null, 'a', [1, 0, 0]],
    [null, 'a\n', [1, 0, 0]],
    [null, 'a\nb', [2, 0, 0]],
    [null, '\n\n', [2, 0, 0]],
    ['a\nb\n', null, [0, 2, 0]],
    ['a\nb', null, [0, 2, 0]],
    ['', 'a\n', [1, 0, 0]],
    ['a\n', '', [0, 1, 0]],
    ['a\n', 'a\n', [0, 0, 0]],
    ['a\n', 'a', [1, 1, 1]],
    ['a\r\nb\r\n', 'a\nb\r\n', [1, 1, 1]],
    ['a\nb\nc\n', 'a\nx\ny\nc\n', [2, 1, 1]],
    ['a\nb\nc\n', 'x\nb\n', [1, 2, 1]],
    ['a\nb\n', 'b\na\n', [1, 1, 0]],
    ['a\rb\n', 'a\rc\n', [1, 1, 1]],
    ['a\u2028b\n', 'a\u2028c\n', [1, 1, 1]],
    ['a\n', 'a\0\n', [0, 0, 0]],
    ['a\0\n', 'a\n', [0, 0, 0]],
    [null, 'a\0\n', [0, 0, 0]],
    ['a\0\n', null, [0, 0, 0]],
  ])('from %j to %j counts %j', async (before, after, [additions, deletions, replaced]) => {
    expect(await countLines(bytes(before), bytes(after))).toEqual({ additions, deletions, replaced });
  });

  it('counts bytes that are no UTF-8 by their lines', async () => {
    const latin = (text: string) => Buffer.from(text, 'latin1');
    expect(await countLines(latin('é\nx\n'), latin('è\nx\n'))).toEqual({
      additions: 1,
      deletions: 1,
      replaced: 1,
    });
  });

  it('takes long texts that differ everywhere for rewritten', async () => {
    const lines = (prefix: string, count: number) =>
      Buffer.from(Array.from({ length: count }, (_, index) => `${prefix}${index}\n`).join(''));
    expect(await countLines(lines('a', 30_000), lines('b', 40_000))).toEqual({
      additions: 40_000,
      deletions: 30_000,
      replaced: 30_000,
    });
  });
});

describe('unifiedDiff', () => {
  it('reads as git’s', async () => {
    expect(await unifiedDiff('dir/a.yml', Buffer.from('a\nb\nc'), Buffer.from('a\nB\nc\n'))).toBe(
      `--- a/dir/a.yml
+++ b/dir/a.yml
@@ -1,3 +1,3 @@
 a
-b
-c
\\ No newline at end of file
+B
+c
`,
    );
    expect(await unifiedDiff('a', null, Buffer.from('x\n'))).toBe(
      '--- /dev/null\n+++ b/a\n@@ -0,0 +1,1 @@\n+x\n',
    );
    expect(await unifiedDiff('a', Buffer.from('x\n'), null)).toBe(
      '--- a/a\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-x\n',
    );
  });

  it('shows three lines around a change', async () => {
    const text = (middle: string) => Buffer.from(`1\n2\n3\n4\n${middle}\n6\n7\n8\n9\n`);
    expect(await unifiedDiff('a', text('five'), text('5'))).toBe(
      '--- a/a\n+++ b/a\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-five\n+5\n 6\n 7\n 8\n',
    );
  });

  it('is empty for what is the same, and one line for what is no text', async () => {
    const binary = Uint8Array.of(0, 1);
    const latin = Uint8Array.of(0xe9, 10);
    expect(await unifiedDiff('a', Buffer.from('x'), Buffer.from('x'))).toBe('');
    expect(await unifiedDiff('a', binary, Uint8Array.of(0, 1))).toBe('');
    expect(await unifiedDiff('a', null, binary)).toBe('Binary files /dev/null and b/a differ\n');
    expect(await unifiedDiff('a', binary, null)).toBe('Binary files a/a and /dev/null differ\n');
    expect(await unifiedDiff('a', Buffer.from('x'), binary)).toBe('Binary files a/a and b/a differ\n');
    expect(await unifiedDiff('a', latin, Uint8Array.of(0xe8, 10))).toBe('Binary files a/a and b/a differ\n');
  });

  it('gives up on texts that differ everywhere', async () => {
    const lines = (prefix: string) =>
      Buffer.from(Array.from({ length: 30_000 }, (_, index) => `${prefix}${index}\n`).join(''));
    expect(await unifiedDiff('a', lines('a'), lines('b'))).toBe(
      '--- a/a\n+++ b/a\n(too different to show line by line)\n',
    );
  });
});

describe('beside git', () => {
  let directory = '';
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'flowgit-line-diff-'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }));

  const git = (args: string[], input?: string) =>
    execFileSync('git', ['-c', 'core.autocrlf=false', ...args], {
      cwd: directory,
      encoding: 'utf8',
      ...(input !== undefined && { input }),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  const write = (path: string, content: string | null) => {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    if (content === null) rmSync(join(directory, path), { force: true });
    else writeFileSync(join(directory, path), content);
  };

  const line = fc.constantFrom(
    'a',
    'b',
    'c',
    'd: e',
    '',
    ' a',
    '\t',
    '-x',
    '+x',
    '@@',
    '\\',
    'é🦊',
    '--- a',
    'x\r',
  );
  const text = fc
    .tuple(fc.array(line, { maxLength: 14 }), fc.constantFrom('\n', '\r\n'), fc.boolean())
    .map(([lines, end, last]) => lines.join(end) + (last && lines.length > 0 ? end : ''));
  const content = fc.oneof(
    { weight: 9, arbitrary: text },
    { weight: 1, arbitrary: fc.constant('bin\0ary\n') },
  );
  const pair = fc.oneof(
    fc.tuple(content, content),
    // Most edits change little.
    fc
      .tuple(text, fc.nat(40), fc.nat(4), text)
      .map(([old, at, cut, inserted]): [string, string] => [
        old,
        old.slice(0, at) + inserted + old.slice(at + cut),
      ]),
  );

  it('the counts are those of git diff --numstat', async () => {
    const pairs = fc.sample(pair, { numRuns: 300, seed: 7 });
    for (const [index, [before, after]] of pairs.entries()) {
      write(`before/${index}`, before);
      write(`after/${index}`, after);
    }
    const numstat = new Map(
      differences(['--no-index', '--no-renames', '--minimal', '--numstat', 'before', 'after']).map((row) => {
        const [added = '', removed = '', path = ''] = row.split('\t');
        return [
          /(\d+)\}?$/.exec(path)?.[1],
          [added, removed].map((count) => (count === '-' ? 0 : Number(count))),
        ];
      }),
    );
    for (const [index, [before, after]] of pairs.entries()) {
      const { additions, deletions, replaced } = await countLines(bytes(before), bytes(after));
      expect({ before, after, counts: [additions, deletions] }).toEqual({
        before,
        after,
        counts: numstat.get(String(index)) ?? [0, 0],
      });
      expect(replaced).toBeLessThanOrEqual(Math.min(additions, deletions));
    }
  });

  it('the diffs apply with git apply', async () => {
    const maybe = fc.oneof({ weight: 5, arbitrary: text }, { weight: 1, arbitrary: fc.constant(null) });
    const made = fc.sample(fc.oneof(fc.tuple(maybe, maybe), pair), { numRuns: 300, seed: 11 });
    const pairs = made.filter(
      ([before, after]) =>
        before !== after &&
        !before?.includes('\0') &&
        !after?.includes('\0') &&
        (before ?? '') !== (after ?? '') &&
        // Half of an emoji is no text.
        after?.isWellFormed() !== false,
    );
    let patch = '';
    for (const [index, [before, after]] of pairs.entries()) {
      const path = `tree/some file ${index}.yml`;
      write(path, before);
      patch += await unifiedDiff(path, bytes(before), bytes(after));
    }
    git(['apply', '--whitespace=nowarn', '-'], patch);
    for (const [index, [before, after]] of pairs.entries()) {
      const path = join(directory, `tree/some file ${index}.yml`);
      const found = after === null ? null : readFileSync(path, 'utf8');
      expect({ before, after: found }).toEqual({ before, after });
    }
  });

  /** `git diff` ends with 1 when there are differences. */
  function differences(args: string[]): string[] {
    try {
      return git(['diff', ...args]).split('\n');
    } catch (error) {
      return String((error as { stdout: unknown }).stdout).split('\n');
    }
  }
});
