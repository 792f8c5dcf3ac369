import { describe, expect, test } from 'vitest';
import { parseCommit, parseTag } from '../../../src/git/objects/parse-commit.js';

const tree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
const oid = 'a'.repeat(40);
const commit = (...lines: string[]) => parseCommit(Buffer.from(lines.join('\n')), oid);

describe('commits', () => {
  test('give tree, parents, people and message', () => {
    expect(
      commit(
        `tree ${tree}`,
        `parent ${'1'.repeat(40)}`,
        `parent ${'2'.repeat(40)}`,
        'author Ada Lovelace <ada@example.org> 1700000000 +0100',
        'committer Büro <b@example.org> -5 -0030',
        'gpgsig -----BEGIN SSH SIGNATURE-----',
        ' tree 0000',
        ' -----END SSH SIGNATURE-----',
        '',
        'Add flows\n\nwith a body\n',
      ),
    ).toEqual({
      tree,
      parents: ['1'.repeat(40), '2'.repeat(40)],
      author: { name: 'Ada Lovelace', email: 'ada@example.org', timestamp: 1_700_000_000 },
      committer: { name: 'Büro', email: 'b@example.org', timestamp: -5 },
      message: 'Add flows\n\nwith a body\n',
    });
  });

  test('in another encoding are decoded', () => {
    const bytes = Buffer.from(
      `tree ${tree}\nauthor J\xfcrgen <j@x> 1 +0000\nencoding ISO-8859-1\n\ngr\xfcn`,
      'latin1',
    );
    expect(parseCommit(bytes, oid)).toMatchObject({ author: { name: 'Jürgen' }, message: 'grün' });
  });

  test('in an encoding nobody knows are read as UTF-8', () => {
    expect(commit(`tree ${tree}`, 'encoding klingon', '', 'grün').message).toBe('grün');
  });

  test('with broken people are read as far as they go', () => {
    const { author } = commit(`tree ${tree}`, 'author nobody', '', '');
    expect(author).toEqual({ name: 'nobody', email: '', timestamp: 0 });
    expect(commit(`tree ${tree}`).message).toBe('');
  });

  test.each(['', 'parent x', 'tree short', `tree ${'g'.repeat(40)}`])(
    'without a tree (%j) are broken',
    (text) => {
      expect(() => commit(text)).toThrow(expect.objectContaining({ code: 'CORRUPT_PACK' }));
    },
  );
});

describe('tags', () => {
  test('give what they point at', () => {
    const bytes = Buffer.from(`object ${oid}\ntype commit\ntag v1\n\nmessage\n`);
    expect(parseTag(bytes, 'b'.repeat(40))).toEqual({ object: oid, type: 'commit', name: 'v1' });
  });

  test('that point at nothing are broken', () => {
    expect(() => parseTag(Buffer.from('type commit\n\n'), oid)).toThrow(
      expect.objectContaining({ code: 'CORRUPT_PACK' }),
    );
  });
});
