import { describe, expect, test } from 'vitest';
import { createStaging } from '../../src/git/staging.js';

const text = (content: string) => Buffer.from(content);

describe('staging', () => {
  test('gives back what was written and deleted, sorted by path', () => {
    const staging = createStaging();
    staging.write('b/run.sh', text('#!/bin/sh\n'), '100755');
    staging.write('a.yml', text('id: a\n'));
    staging.write('b/link', text('../a.yml'), '120000');
    staging.write('b/plain', text(''), '100644');
    staging.delete('old/gone.yml');
    expect(staging.changes()).toEqual([
      { path: 'a.yml', content: text('id: a\n'), mode: undefined },
      { path: 'b/link', content: text('../a.yml'), mode: '120000' },
      { path: 'b/plain', content: text(''), mode: '100644' },
      { path: 'b/run.sh', content: text('#!/bin/sh\n'), mode: '100755' },
      { path: 'old/gone.yml', content: null },
    ]);
  });

  test('lets the last word on a path stand', () => {
    const staging = createStaging();
    staging.write('a', text('1'));
    staging.write('a', text('2'), '100755');
    staging.delete('b');
    staging.write('b', text('3'));
    staging.write('c', text('4'));
    staging.delete('c');
    expect(staging.changes()).toEqual([
      { path: 'a', content: text('2'), mode: '100755' },
      { path: 'b', content: text('3'), mode: undefined },
      { path: 'c', content: null },
    ]);
  });

  test('takes what a caller edits in the volume', () => {
    const staging = createStaging();
    staging.write('flows/a.yml', text('id: a\n'));
    expect(staging.volume.readFileSync('/flows/a.yml', 'utf8')).toBe('id: a\n');
    staging.volume.writeFileSync('/flows/a.yml', 'id: edited\n');
    staging.volume.writeFileSync('/README.md', '# Flows\n');
    expect(staging.changes()).toEqual([
      { path: 'README.md', content: text('# Flows\n'), mode: undefined },
      { path: 'flows/a.yml', content: text('id: edited\n'), mode: undefined },
    ]);
  });

  test('turns a file into a directory when the file is deleted', () => {
    const staging = createStaging();
    staging.delete('a');
    staging.write('a/b', text('x'));
    expect(staging.changes().map(({ path, content }) => [path, content?.toString() ?? null])).toEqual([
      ['a', null],
      ['a/b', 'x'],
    ]);
  });

  test.each([
    '',
    '/abs',
    '../up',
    'a/../b',
    'a//b',
    'a/',
    './a',
    '.git/config',
    'a/.GIT/x',
    'git~1',
    'a\0b',
    '\ud800',
  ])('refuses the path %j', (path) => {
    const staging = createStaging();
    expect(() => staging.write(path, text('x'))).toThrow(expect.objectContaining({ code: 'UNSAFE_PATH' }));
    expect(() => staging.delete(path)).toThrow(expect.objectContaining({ code: 'UNSAFE_PATH' }));
    expect(staging.changes()).toEqual([]);
  });

  test('keeps bytes that are no text', () => {
    const staging = createStaging();
    const bytes = Buffer.from([0, 255, 128, 10, 13]);
    staging.write('bin', bytes);
    expect(staging.changes()[0]?.content).toEqual(bytes);
  });
});
