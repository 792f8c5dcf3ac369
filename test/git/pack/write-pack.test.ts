import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hashObject } from '../../../src/git/objects/hash.js';
import { encodeTree, type RawTreeEntry } from '../../../src/git/objects/raw-tree.js';
import { deltaBetweenTrees } from '../../../src/git/pack/tree-delta.js';
import { type PackEntry, writePack } from '../../../src/git/pack/write-pack.js';

const env = { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
let repo = '';

function git(args: string[], input: Uint8Array | string = ''): string {
  return execFileSync('git', args, { cwd: repo, env, input, maxBuffer: 1 << 28 }).toString('latin1');
}

function read(oid: string, type: string): Buffer {
  return execFileSync('git', ['cat-file', type, oid], { cwd: repo, env, maxBuffer: 1 << 28 });
}

beforeAll(() => {
  repo = mkdtempSync(join(tmpdir(), 'flowgit-pack-'));
  git(['init', '-q', '--bare', '.']);
});
afterAll(() => rmSync(repo, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }));

function blob(content: string | Uint8Array): PackEntry & { type: 'blob' } {
  return { type: 'blob', content: Buffer.from(content) };
}

/** A directory of `count` files whose contents are the first `present` of each letter's. */
function directory(count: number, change: (index: number) => string | null = () => 'same'): RawTreeEntry[] {
  const entries: RawTreeEntry[] = [];
  for (let index = 0; index < count; index++) {
    const content = change(index);
    if (content === null) continue;
    entries.push({ mode: '100644', name: `f${index}`, oid: hashObject('blob', Buffer.from(content)) });
  }
  return entries;
}

describe('a pack', () => {
  test('of any blobs is what git index-pack reads back', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ maxLength: 300 }), { maxLength: 20 }), (contents) => {
        const pack = Buffer.concat([...writePack(contents.map(blob))]);
        git(['index-pack', '--stdin', '--strict'], pack);
        for (const content of contents.slice(0, 2)) {
          const oid = hashObject('blob', Buffer.from(content));
          expect(read(oid, 'blob')).toEqual(Buffer.from(content));
        }
      }),
      { numRuns: 15 },
    );
  });

  test.each([0, 1, 15, 16, 2047, 2048, 262_143, 262_144, 3_000_000])('holds a blob of %i bytes', (size) => {
    const content = Buffer.alloc(size, 'z');
    git(['index-pack', '--stdin', '--strict'], Buffer.concat([...writePack([blob(content)])]));
    expect(read(hashObject('blob', content), 'blob').equals(content)).toBe(true);
  });

  test('of many objects comes in chunks', () => {
    const noise = Array.from({ length: 500 }, (_, index) => {
      const bytes = Buffer.alloc(1000);
      for (let at = 0; at < bytes.length; at++) bytes[at] = (index * 7919 + at * at * 31 + at) % 251;
      bytes.writeUInt32BE(index);
      return blob(bytes);
    });
    const chunks = [...writePack(noise)];
    expect(chunks.length).toBeGreaterThan(1);
    expect(git(['index-pack', '--stdin', '--strict'], Buffer.concat(chunks))).toMatch(/^pack\t[0-9a-f]{40}/);
  });
});

describe('a tree as a delta against its version before', () => {
  test('is what git resolves from a thin pack', () => {
    const cell = fc.constantFrom('same', 'other', null);
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 40 }), (cells) => {
        const base = encodeTree(directory(cells.length, (index) => cells[index]?.[0] ?? null));
        const target = encodeTree(directory(cells.length, (index) => cells[index]?.[1] ?? null));
        const instructions = deltaBetweenTrees(base, target);
        if (instructions === null || base.equals(target)) return;
        const blobs = Buffer.concat([...writePack(['same', 'other'].map(blob))]);
        git(['index-pack', '--stdin'], blobs);
        const baseOid = git(['hash-object', '-w', '-t', 'tree', '--stdin'], base).trim();
        const entry: PackEntry = { type: 'tree', content: target, delta: { baseOid, instructions } };
        git(['index-pack', '--stdin', '--fix-thin', '--strict'], Buffer.concat([...writePack([entry])]));
        expect(read(hashObject('tree', target), 'tree')).toEqual(target);
      }),
      { numRuns: 25 },
    );
  });

  test('costs what the change costs', () => {
    const base = encodeTree(directory(10_000));
    const target = encodeTree(directory(10_000, (index) => (index % 1000 === 5 ? 'other' : 'same')));
    expect(deltaBetweenTrees(base, target)?.length).toBeLessThan(600);
  });

  test('is not made when little is shared', () => {
    const other = encodeTree(directory(50, () => 'other'));
    expect(deltaBetweenTrees(encodeTree(directory(50)), other)).toBeNull();
    expect(deltaBetweenTrees(Buffer.alloc(0), other)).toBeNull();
  });

  test('copies runs longer than one instruction can name', () => {
    const many = directory(600_000, (index) => String(index % 7));
    const base = encodeTree(many);
    const target = encodeTree([...many, { mode: '100755', name: 'zz', oid: '1'.repeat(40) }]);
    expect(base.length).toBeGreaterThan(0xffffff);
    const instructions = deltaBetweenTrees(base, target);
    if (instructions === null) throw new Error('expected a delta');
    const baseOid = git(['hash-object', '-w', '-t', 'tree', '--stdin'], base).trim();
    const pack = writePack([{ type: 'tree', content: target, delta: { baseOid, instructions } }]);
    git(['index-pack', '--stdin', '--fix-thin'], Buffer.concat([...pack]));
    expect(read(hashObject('tree', target), 'tree').equals(target)).toBe(true);
  });
});
