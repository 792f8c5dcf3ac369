import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseTree } from '../../../src/git/objects/parse-tree.js';
import { encodeTree } from '../../../src/git/objects/raw-tree.js';
import { unsafeNameReason } from '../../../src/git/objects/unsafe-name.js';

const oid = 'a94a8fe5ccb19ba61c4c0873d391e987982fbbd3';

function line(mode: string, name: string | Buffer, id = oid): Buffer {
  return Buffer.concat([
    Buffer.from(`${mode} `),
    Buffer.from(name as string),
    Buffer.from([0]),
    Buffer.from(id, 'hex'),
  ]);
}

describe('trees', () => {
  test('are read as they were written', () => {
    const entries = fc.uniqueArray(
      fc.record({
        mode: fc.constantFrom('40000', '100644', '100755', '120000', '160000'),
        name: fc.stringMatching(/^[a-zA-Z0-9_é水-][a-zA-Z0-9_. é水-]{0,20}$/),
        oid: fc.stringMatching(/^[0-9a-f]{40}$/),
      }),
      { selector: ({ name }) => name },
    );
    fc.assert(
      fc.property(entries, (written) => {
        const raw = written.map((entry) => ({ ...entry, name: Buffer.from(entry.name).toString('latin1') }));
        const read = parseTree(encodeTree(raw));
        const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
        expect([...read].sort(byName)).toEqual([...written].sort(byName));
      }),
    );
  });

  test('may be empty', () => {
    expect(parseTree(Buffer.alloc(0))).toEqual([]);
  });

  test('of old tools have their modes put right', () => {
    const modes = ['100664', '040000', '160000', '100600', '100700'];
    const tree = Buffer.concat(modes.map((mode, place) => line(mode, `${place}`)));
    const normal = ['100644', '40000', '160000', '100644', '100755'];
    expect(parseTree(tree).map(({ mode }) => mode)).toEqual(normal);
  });

  test('with names that are not UTF-8 are read', () => {
    expect(parseTree(line('100644', Buffer.from([0x66, 0xfc]))).map(({ name }) => name)).toEqual(['f\ufffd']);
  });

  test.each(['0', '100888', '1006440', 'abc', ''])('with the mode %j are refused', (mode) => {
    expect(() => parseTree(line(mode, 'a'), 'dir')).toThrow(expect.objectContaining({ code: 'UNSAFE_PATH' }));
  });

  test('with one name twice are refused, by name and place', () => {
    expect(() => parseTree(Buffer.concat([line('100644', 'a'), line('40000', 'a')]), 'x/y')).toThrow(
      expect.objectContaining({ code: 'UNSAFE_PATH', message: expect.stringContaining('"x/y/a"') }),
    );
  });

  test('cut off anywhere are broken', () => {
    const tree = Buffer.concat([line('100644', 'a'), line('40000', 'b')]);
    const whole = line('100644', 'a').length;
    for (let length = 1; length < tree.length; length++) {
      if (length === whole) continue;
      expect(() => parseTree(tree.subarray(0, length))).toThrow(
        expect.objectContaining({ code: 'CORRUPT_PACK' }),
      );
    }
  });

  test('of random bytes are refused or read, never worse', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        try {
          parseTree(bytes);
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^(UNSAFE_PATH|CORRUPT_PACK)$/) });
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('names', () => {
  const refused = [
    ['', '.', '..', 'a/b', '/', 'a\0b'],
    [
      '.git',
      '.GIT',
      '.Git',
      '.git ',
      '.git.',
      '.git . .',
      '.git::$INDEX_ALLOCATION',
      '.git:x',
      '.git\\config',
    ],
    ['git~1', 'GIT~1', 'git~1 ', 'git~1.', 'git~1:x'],
    ['.g\u200cit', '\ufeff.git', '.gi\u200dt', '.git\u202e', '.\u206agIt'],
    ['a\\..\\b', '..\\x', 'a\\.git\\config', 'a\\GIT~1'],
  ].flat();
  test.each(refused.map((name) => [JSON.stringify(name), name]))('%s is refused', (_shown, name) => {
    expect(unsafeNameReason(name)).not.toBeNull();
  });

  const fine = [
    'x.git',
    '.gitignore',
    '.gitkeep',
    '.github',
    'git',
    'git~2',
    'agit~1',
    '...',
    '..a',
    '.a',
    'a b',
    'é',
    'a:b',
  ];
  test.each(fine.map((name) => [JSON.stringify(name), name]))('%s is fine', (_shown, name) => {
    expect(unsafeNameReason(name)).toBeNull();
  });
});
