import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addCommitSignature, encodeCommit } from '../../../src/git/objects/encode-commit.js';
import { hashBlob, hashObject } from '../../../src/git/objects/hash.js';
import {
  decodeRawTree,
  encodeTree,
  fromRawName,
  type RawTreeEntry,
  toRawName,
} from '../../../src/git/objects/raw-tree.js';

const gitEnv = { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
let repo = '';

function git(args: string[], input: Uint8Array | string = ''): Buffer {
  return execFileSync('git', args, { cwd: repo, env: gitEnv, input });
}

beforeAll(() => {
  repo = mkdtempSync(join(tmpdir(), 'flowgit-encode-'));
  git(['init', '-q', '--bare', '.']);
});
afterAll(() => rmSync(repo, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }));

const oid = fc
  .uint8Array({ minLength: 20, maxLength: 20 })
  .map((bytes) => Buffer.from(bytes).toString('hex'));
const name = fc
  .string({
    minLength: 1,
    maxLength: 6,
    unit: fc.constantFrom('a', 'b', '.', '-', '0', '/', 'é', '日', '😀', '￿'),
  })
  .map((text) => text.replaceAll('/', '+'))
  .filter((text) => text !== '.' && text !== '..')
  .map(toRawName);
const entry = fc.record({ mode: fc.constantFrom('40000', '100644', '100755', '120000'), name, oid });
const entries = fc.uniqueArray(entry, { selector: (one) => one.name, maxLength: 12 });

describe('trees', () => {
  test('are ordered and named as git mktree does', () => {
    fc.assert(
      fc.property(entries, (list) => {
        const lines = list.map(({ mode, name, oid }) => {
          const type = mode === '40000' ? 'tree' : 'blob';
          return `${mode.padStart(6, '0')} ${type} ${oid}\t${fromRawName(name)}\0`;
        });
        const expected = git(['mktree', '-z', '--missing'], lines.join('')).toString().trim();
        expect(hashObject('tree', encodeTree(list))).toBe(expected);
      }),
      { numRuns: 60 },
    );
  });

  test('come back as they were', () => {
    fc.assert(
      fc.property(entries, (list) => {
        const sorted: RawTreeEntry[] = decodeRawTree(encodeTree(list));
        expect(sorted).toHaveLength(list.length);
        expect(sorted).toEqual(expect.arrayContaining(list));
        expect(encodeTree(sorted)).toEqual(encodeTree(list));
      }),
    );
  });

  test('keep names that are not UTF-8', () => {
    const content = Buffer.concat([Buffer.from('100644 caf\xe9\0', 'latin1'), Buffer.alloc(20, 1)]);
    expect(encodeTree(decodeRawTree(content))).toEqual(content);
  });

  test.each([
    ['cut short', Buffer.from('100644 a\0abc')],
    ['without an end of the name', Buffer.from('100644 a')],
    ['with letters for a mode', Buffer.from(`1x0644 a\0${'.'.repeat(20)}`)],
  ])('that are %s are corrupt', (_, content) => {
    expect(() => decodeRawTree(content)).toThrow(expect.objectContaining({ code: 'CORRUPT_PACK' }));
  });
});

describe('commits', () => {
  const someone = {
    name: 'Ada Lovelace',
    email: 'ada@example.com',
    timestamp: 1_700_000_000,
    timezoneOffset: -330,
  };
  const fields = {
    tree: '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
    parents: [],
    author: someone,
    committer: { ...someone, name: 'Grace', timezoneOffset: 60 },
    message: 'Add flows',
  };

  test('equal what git commit-tree writes', () => {
    git(['hash-object', '-w', '-t', 'tree', '--stdin'], '');
    const env = {
      ...gitEnv,
      GIT_AUTHOR_NAME: 'Ada Lovelace',
      GIT_AUTHOR_EMAIL: 'ada@example.com',
      GIT_AUTHOR_DATE: '1700000000 +0530',
      GIT_COMMITTER_NAME: 'Grace',
      GIT_COMMITTER_EMAIL: 'ada@example.com',
      GIT_COMMITTER_DATE: '1700000000 -0100',
    };
    const written = execFileSync('git', ['commit-tree', fields.tree, '-m', 'Add flows'], { cwd: repo, env });
    expect(hashObject('commit', encodeCommit(fields))).toBe(written.toString().trim());
  });

  test('cannot be given headers or a second identity by a name, an email or a time', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, email) => {
        const author = { ...someone, name: `x${name}`, email };
        const text = encodeCommit({ ...fields, author }).toString();
        expect(text.split('\n').slice(0, 5)).toEqual([
          expect.stringMatching(/^tree [0-9a-f]{40}$/),
          expect.stringMatching(/^author [^<>\0]* <[^<>\0]*> 1700000000 \+0530$/s),
          'committer Grace <ada@example.com> 1700000000 -0100',
          '',
          'Add flows',
        ]);
      }),
    );
  });

  test('drop what git calls crud around a name', () => {
    const author = { ...someone, name: '  "Jane <Q.\nDoe" Jr.\0, ' };
    expect(encodeCommit({ ...fields, author }).toString()).toContain('author Jane Q.Doe" Jr. <ada@');
  });

  test.each([
    ['a name without letters', { name: ' <>\n' }],
    ['a time before 1970', { timestamp: -1 }],
    ['a time that is no number', { timestamp: Number.NaN }],
  ])('are refused for %s', (_, change) => {
    const author = { ...someone, ...change };
    expect(() => encodeCommit({ ...fields, author })).toThrow(
      expect.objectContaining({ code: 'INVALID_PROPERTIES' }),
    );
  });

  test.each([
    ['Add\r\n\r\nbody\r\n\r\n', 'Add\n\nbody\n'],
    ['\n\n  Add \n', '  Add\n'],
    ['Add\0 flows', 'Add flows\n'],
    ['', ''],
  ])('end a message %j with one newline', (message, expected) => {
    const text = encodeCommit({ ...fields, message }).toString();
    expect(text.slice(text.indexOf('\n\n') + 2)).toBe(expected);
  });

  test('hold a signature where git finds it, and pass fsck', () => {
    const armour = '-----BEGIN SSH SIGNATURE-----\n\nU1NIU0lH\n-----END SSH SIGNATURE-----\n';
    const signed = addCommitSignature(encodeCommit(fields), armour);
    const id = git(['hash-object', '-w', '-t', 'commit', '--stdin'], signed).toString().trim();
    expect(id).toBe(hashObject('commit', signed));
    const header = signed.toString().split('\n').slice(3, 7);
    expect(header).toEqual([
      'gpgsig -----BEGIN SSH SIGNATURE-----',
      ' ',
      ' U1NIU0lH',
      ' -----END SSH SIGNATURE-----',
    ]);
    git(['fsck', '--strict', id]);
    expect(git(['log', '-1', '--format=%s', id]).toString()).toBe('Add flows\n');
  });

  test('hash blobs as git does, of any size around the copying threshold', () => {
    for (const size of [0, 1, 2047, 2048, 5000]) {
      const content = Buffer.alloc(size, 'flow');
      expect(hashBlob(content)).toBe(git(['hash-object', '--stdin'], content).toString().trim());
    }
  });
});
