import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { onlyEmptyDirectories, pathOfFile, placeOfPath } from '../../src/resources/namespace-file.js';

describe('the place of a path', () => {
  it.each([
    ['a.txt', { kind: 'file', id: 'a.txt' }],
    ['a/b/c', { kind: 'file', id: 'a/b/c' }],
    ['x.git/config', { kind: 'file', id: 'x.git/config' }],
    ['a/x.git', { kind: 'file', id: 'a/x.git' }],
    ['.gitattributes', { kind: 'file', id: '.gitattributes' }],
    ['a/.gitignore2', { kind: 'file', id: 'a/.gitignore2' }],
    ['a/.gitkeep', { kind: 'directory', id: 'a/' }],
    ['a/b/.gitkeep', { kind: 'directory', id: 'a/b/' }],
    ['.gitkeep', { kind: 'skipped' }],
    ['.gitignore', { kind: 'skipped' }],
    ['a/.gitignore', { kind: 'skipped' }],
    ['.git', { kind: 'skipped' }],
    ['a/.git/config', { kind: 'skipped' }],
    ['.gitkeep/a', { kind: 'skipped' }],
    ['.git/.gitkeep', { kind: 'skipped' }],
  ])('%s is %j', (path, place) => {
    expect(placeOfPath(path)).toEqual(place);
  });

  it('comes back from the id of a file or directory', () => {
    const part = fc.stringMatching(/^[a-z.]{1,4}$/).filter((name) => !/^\.{1,2}$/.test(name));
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), fc.boolean(), (parts, isDirectory) => {
        const id = parts.join('/') + (isDirectory ? '/' : '');
        expect(placeOfPath(pathOfFile(id))).toEqual({ kind: isDirectory ? 'directory' : 'file', id });
      }),
    );
  });
});

describe('onlyEmptyDirectories', () => {
  it('drops directories that exist through what is in them', () => {
    expect(onlyEmptyDirectories(['a/', 'a/b/', 'a/b/c', 'ab/', 'b', 'b2/', 'c/d/'])).toEqual([
      'a/b/c',
      'ab/',
      'b',
      'b2/',
      'c/d/',
    ]);
  });

  it('agrees with looking at every pair', () => {
    const id = fc
      .tuple(fc.array(fc.constantFrom('a', 'b', 'aa'), { minLength: 1, maxLength: 4 }), fc.boolean())
      .map(([parts, isDirectory]) => parts.join('/') + (isDirectory ? '/' : ''));
    fc.assert(
      fc.property(fc.uniqueArray(id, { maxLength: 12 }), (ids) => {
        const empty = ids.filter(
          (one) => !one.endsWith('/') || !ids.some((other) => other !== one && other.startsWith(one)),
        );
        expect(onlyEmptyDirectories(ids)).toEqual(empty);
      }),
    );
  });
});
