import { strict as assert } from 'node:assert';
import { blobId, emptyBlobId } from '../../resources/blob-id.js';
import {
  apply,
  assertBytes,
  assertFails,
  bytes,
  everyFile,
  file,
  flow,
  idsOf,
  put,
  type StorageContractCase,
  state,
  textAt,
} from './case.js';

const unsafeFileIds = [
  '../outside',
  'a/../../outside',
  '/etc/passwd',
  'a//b',
  './a',
  'a/.',
  'a/..',
  '..',
  '/',
  'a\0b',
  '..\\outside',
  'a\\b',
  '.flowgit/state/x',
  'a/.flowgit/b',
  '.git/config',
  'a/.GIT/hooks/pre-commit',
  '\ud800',
  'x'.repeat(256),
];

export const contentCases: StorageContractCase[] = [
  {
    title: 'reads contents in the order of the keys, with null for what is absent',
    async run({ storage }) {
      await apply(storage, put(flow('company.team', 'a'), 'A'), put(flow('company.team', 'b'), 'B'));
      const [b, none, a, again] = await storage.read([
        flow('company.team', 'b'),
        flow('company.team2', 'a'),
        flow('company.team', 'a'),
        flow('company.team', 'b'),
      ]);
      assert.equal(none, null);
      assert.ok(a && b && again);
      assertBytes(b.content, bytes('B'));
      assertBytes(again.content, bytes('B'));
      const { content, ...entry } = a;
      assertBytes(content, bytes('A'));
      assert.deepEqual(entry, {
        key: flow('company.team', 'a'),
        oid: blobId(bytes('A')),
        revision: 1,
        size: 1,
      });
      assert.deepEqual(await storage.read([]), []);
    },
  },
  {
    title: 'keeps every byte of binary and of empty contents',
    async run({ storage }) {
      const binary = Uint8Array.from({ length: 1024 }, (_, at) => (at * 7) % 256);
      await apply(
        storage,
        put(file('binary.bin'), binary),
        put(file('empty'), ''),
        put(file('crlf.txt'), 'a\r\nb'),
      );
      const [first, empty, crlf] = await storage.read([file('binary.bin'), file('empty'), file('crlf.txt')]);
      assertBytes(first?.content, binary);
      assertBytes(crlf?.content, bytes('a\r\nb'));
      assert.equal(empty?.size, 0);
      assert.equal(empty?.oid, emptyBlobId);
    },
  },
  {
    title: 'keeps many contents of every size in one batch, and none of them is the writer’s memory',
    async run({ storage }) {
      const contents = manyContents();
      const changes = contents.map((content, at) => put(file(`many/${at}`), content));
      await apply(storage, ...changes);
      const expected = contents.map((content) => new Uint8Array(content));
      for (const content of contents) content.fill(255);
      const stored = await storage.read(changes.map(({ key }) => key));
      for (const [at, content] of expected.entries()) assertBytes(stored[at]?.content, content);
    },
  },
  {
    title: 'keeps contents of which the writer says what they are, and that nobody changes them',
    async run({ storage }) {
      const contents = manyContents();
      const changes = contents.map((content, at) => ({
        ...put(file(`many/${at}`), content),
        ...(at % 2 === 0 && { oid: blobId(content) }),
        ...(at % 3 === 0 && { frozen: true }),
      }));
      const applied = await apply(storage, ...changes);
      const stored = await storage.read(changes.map(({ key }) => key));
      // Who reads may do what they like with what they were given.
      for (const { content } of await storage.read(changes.map(({ key }) => key)).then(present))
        content.fill(255);
      const again = await storage.read(changes.map(({ key }) => key));
      contents.forEach((content, at) => {
        assertBytes(stored[at]?.content, content);
        assertBytes(again[at]?.content, content);
        assert.equal(stored[at]?.oid, blobId(content));
        assert.equal(applied[at]?.oid, blobId(content));
      });
    },
  },
  {
    title: 'keeps a content of 5 MB',
    async run({ storage }) {
      const large = new Uint8Array(5 * 1024 * 1024);
      for (let at = 0; at < large.length; at += 1) large[at] = (at * 31 + (at >> 8)) & 255;
      const [applied] = await apply(storage, put(file('large.bin'), large));
      assert.equal(applied?.oid, blobId(large));
      const [stored] = await storage.read([file('large.bin')]);
      assert.equal(stored?.size, large.length);
      assertBytes(stored?.content, large);
    },
  },
  {
    title: 'keeps file names in any script, with spaces and signs',
    async run({ storage }) {
      const ids = [
        'données/été.txt',
        '日本語/ファイル',
        'emoji 🚀/a b',
        'a+b=c&d;e,f',
        'quote\'"`$(x)',
        '%2e%2e',
        'new\nline',
        '-x',
        '.hidden',
      ];
      await apply(storage, ...ids.map((id) => put(file(id), id)));
      assert.deepEqual(idsOf(await storage.list(everyFile)), ids.map((id) => `company.team/${id}`).sort());
      for (const id of ids) assert.equal(await textAt(storage, file(id)), id);
    },
  },
  {
    title: 'gives contents away and takes copies: changing either changes nothing',
    async run({ storage }) {
      const given = bytes('given');
      await apply(storage, put(file('a'), given));
      given.fill(0);
      const [stored] = await storage.read([file('a')]);
      stored?.content.fill(0);
      assert.equal(await textAt(storage, file('a')), 'given');
    },
  },
  {
    title: 'keeps state records under ids of any text, beside and together with resources',
    async run({ storage }) {
      const ids = ['system/sync/git', 'git://host/x?y#z', 'ü*', '..'];
      await apply(storage, ...ids.map((id) => put(state(id), id)), put(state('global', ''), 'global'));
      for (const id of ids) assert.equal(await textAt(storage, state(id)), id);
      const everything = await storage.list({ kind: 'state', namespace: '', children: true });
      assert.deepEqual(idsOf(everything), ['global', ...[...ids].sort().map((id) => `system/${id}`)]);
      assert.deepEqual(idsOf(await storage.list({ kind: 'state', namespace: '', children: false })), [
        'global',
      ]);
    },
  },
  {
    title: 'refuses keys that could leave their place, before anything is written',
    async run({ storage }) {
      const keys = [
        ...unsafeFileIds.map((id) => file(id)),
        file('a', '..'),
        file('a', ''),
        file('a', 'a/b'),
        file('a', 'Upper'),
        flow('company.team', '../x'),
        flow('company.team', 'a/b'),
        flow('company.team', '.hidden'),
        flow('company..team', 'x'),
        { kind: 'dashboard', namespace: 'company', id: 'x' } as const,
        { kind: 'dashboard', namespace: '', id: '../x' } as const,
        state('a\0b'),
        state('a', '../x'),
      ];
      for (const key of keys) {
        await assertFails(apply(storage, put(file('good'), 'good'), put(key, 'x')), 'UNSAFE_PATH');
        await assertFails(storage.read([key]), 'UNSAFE_PATH');
      }
      await assertFails(storage.list({ kind: 'flow', namespace: '../x', children: true }), 'UNSAFE_PATH');
      assert.deepEqual(await storage.list(everyFile), []);
    },
  },
];

function manyContents(): Uint8Array[] {
  return Array.from({ length: 200 }, (_, at) => {
    const size = (at * 997) % 40_000;
    return at % 3 === 0 ? Buffer.alloc(size, at) : new Uint8Array(size).fill(at);
  });
}

function present<T>(contents: readonly (T | null)[]): T[] {
  return contents.filter((content) => content !== null);
}
