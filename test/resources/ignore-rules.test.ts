import { describe, expect, it } from 'vitest';
import { ignoreRules } from '../../src/resources/ignore-rules.js';

describe('ignoreRules', () => {
  it('never lets the ignore files themselves through', async () => {
    const rules = await ignoreRules([]);
    expect(['.kestraignore', '.flowgitignore', 'a/.kestraignore', 'a.yml'].map(rules)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it.each([
    ['*.tmp', 'a/b.tmp', true],
    ['*.tmp', 'b.tmp2', false],
    ['/a', 'a', true],
    ['/a', 'b/a', false],
    ['drafts/', 'drafts/x.yml', true],
    ['drafts/', 'drafts', false],
    ['a/**/b', 'a/x/y/b', true],
    ['*\n!keep.yml', 'keep.yml', false],
    ['*\n!keep.yml', 'other.yml', true],
    ['# comment\n\n  \n', '# comment', false],
    ['\\#x', '#x', true],
    ['README', 'readme', false],
    ['a\r\nb\r\n', 'a', true],
    ['\uFEFFa\nb', 'a', true],
    ['name with space', 'name with space', true],
  ])('%j ignores %s: %s', async (text, path, ignored) => {
    expect((await ignoreRules([text]))(path)).toBe(ignored);
  });

  it('lets a later file have the last word', async () => {
    expect((await ignoreRules(['*.yml', '!a.yml']))('a.yml')).toBe(false);
    expect((await ignoreRules(['!a.yml', '*.yml']))('a.yml')).toBe(true);
  });
});
