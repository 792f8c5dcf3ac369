import { describe, expect, test } from 'vitest';
import { checkLinks } from '../../../src/git/clone/check-links.js';

const check = (links: Record<string, string>) => checkLinks(new Map(Object.entries(links)));

describe('symbolic links of a checkout', () => {
  test.each<[string, Record<string, string>]>([
    ['beside them', { a: 'b' }],
    ['below them', { a: 'd/e/f' }],
    ['above them, inside of the clone', { 'd/e/a': '../../b' }],
    ['at the root of the clone', { 'd/a': '..' }],
    ['through another link', { d: 'real/deep', a: 'd/file' }],
    ['up from where another link leads', { d: 'real/deep', a: 'd/../file' }],
    ['at nothing', { a: 'missing/file' }],
    ['at themselves', { a: 'a' }],
    ['at each other', { a: 'b', b: 'a' }],
    ['at names like .git', { a: '.github/x', b: '.gitignore', c: 'd/.gitkeep' }],
  ])('may point %s', (_, links) => {
    expect(() => check(links)).not.toThrow();
  });

  test.each<[string, Record<string, string>]>([
    ['at an absolute path', { a: '/etc/passwd' }],
    ['above the clone', { a: '..' }],
    ['above the clone from below', { 'd/a': '../../x' }],
    ['above the clone on a detour', { a: 'd/../../x' }],
    ['above the clone through a link that leads up', { 'd/e/up': '../..', a: 'd/e/up/../x' }],
    ['above the clone through a link at the root', { 'd/here': '..', a: 'd/here/..' }],
    ['into .git', { a: '.git/config' }],
    ['into .git from below', { 'd/a': '../.git/hooks' }],
    ['into .git in another spelling', { a: '.GIT/config' }],
    ['into .git through another link', { 'd/up': '..', a: 'd/up/.git/hooks' }],
    ['at nothing at all', { a: '' }],
    ['at a NUL', { a: 'b\0c' }],
    ['further than a path can be long', { a: 'x/'.repeat(3000) }],
  ])('may not point %s', (_, links) => {
    expect(() => check(links)).toThrow(expect.objectContaining({ code: 'UNSAFE_PATH' }));
  });
});
