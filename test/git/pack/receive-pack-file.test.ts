import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultLimits } from '../../../src/git/limits.js';
import { encodePackIndex } from '../../../src/git/pack/encode-index.js';
import { PackTable } from '../../../src/git/pack/pack-table.js';
import { type ReceivePackOptions, receivePackFile } from '../../../src/git/pack/receive-pack-file.js';
import { writePack } from '../../../src/git/pack/write-pack.js';

const env = {
  PATH: process.env.PATH,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
};
let root = '';
let repo = '';

function git(args: string[], input: Uint8Array | string = ''): Buffer {
  return execFileSync('git', args, { cwd: repo, env, input, maxBuffer: 1 << 28 });
}

/** Hands a pack out in pieces of a size that no boundary falls on by intention. */
async function* stream(pack: Uint8Array, pieceBytes = 997): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < pack.length; at += pieceBytes) yield pack.subarray(at, at + pieceBytes);
}

let files = 0;
async function receive(pack: Uint8Array, options: Partial<ReceivePackOptions> = {}, pieceBytes?: number) {
  const path = join(root, `received-${files++}.pack`);
  const received = await receivePackFile(stream(pack, pieceBytes), path, {
    limits: defaultLimits,
    ...options,
  });
  return { ...received, path };
}

function gitIndex(pack: Uint8Array): Buffer {
  const name = join(root, `git-${files++}`);
  writeFileSync(`${name}.pack`, pack);
  git(['index-pack', `${name}.pack`]);
  return readFileSync(`${name}.idx`);
}

/** A history whose packs hold deltas of files and of trees. */
function makeHistory(): void {
  git(['init', '-q', '-b', 'main', '.']);
  mkdirSync(join(repo, 'flows'));
  const lines = Array.from({ length: 400 }, (_, line) => `line ${line} ${line * line}`);
  for (let version = 0; version < 8; version++) {
    lines[version * 7] = `changed ${version}`;
    writeFileSync(join(repo, 'flows/long.yml'), lines.join('\n'));
    for (let file = 0; file < 30; file++) writeFileSync(join(repo, `flows/f${file}.yml`), `id: f${file}\n`);
    writeFileSync(join(repo, `flows/f${version}.yml`), `id: v${version}\n`);
    git(['add', '-A']);
    git(['commit', '-q', '-m', `version ${version}`]);
  }
  const noise = Buffer.alloc(3_000_000);
  for (let at = 0, seed = 1; at < noise.length; at++) {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    noise[at] = seed >> 16;
  }
  writeFileSync(join(repo, 'large.bin'), noise);
  writeFileSync(join(repo, 'zeros.bin'), Buffer.alloc(2_500_000));
  git(['add', '-A']);
  git(['commit', '-q', '-m', 'large']);
  git(['tag', '-a', 'v1', '-m', 'one']);
}

function packOf(...options: string[]): Buffer {
  return git(['pack-objects', '--all', '--stdout', '-q', ...options]);
}

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'flowgit-receive-'));
  repo = join(root, 'repo');
  mkdirSync(repo);
  makeHistory();
});
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }));

describe('a received pack', () => {
  test.each([
    ['offset deltas', ['--delta-base-offset']],
    ['deltas by id', []],
    ['no deltas', ['--window=0', '--no-reuse-delta']],
    ['one byte at a time', ['--delta-base-offset', '--window=5'], 1],
  ])('with %s is stored as it came and indexed as git does', async (_, options, pieceBytes = 65_000) => {
    const bytes = packOf(...options);
    const { pack, checksum, path } = await receive(bytes, {}, pieceBytes);
    expect(readFileSync(path).equals(bytes)).toBe(true);
    expect(checksum.equals(bytes.subarray(-20))).toBe(true);
    expect(encodePackIndex(pack.table, checksum).equals(gitIndex(bytes))).toBe(true);
    pack.close();
  });

  test('gives back every object that git put into it', async () => {
    const { pack } = await receive(packOf('--delta-base-offset'));
    const listed = git(['cat-file', '--batch-all-objects', '--batch-check']).toString().trim().split('\n');
    expect(listed).toHaveLength(pack.table.count);
    for (const line of listed) {
      const [oid = '', type = ''] = line.split(' ');
      const entry = pack.table.find(oid);
      expect(pack.table.type(entry)).toBe(type);
      expect(pack.content(entry).equals(git(['cat-file', type, oid]))).toBe(true);
    }
    expect(pack.table.find('f'.repeat(40))).toBe(-1);
    pack.close();
  });

  test('streams its large blobs', async () => {
    const { pack } = await receive(packOf('--window=0'));
    const entry = pack.table.find(git(['rev-parse', 'HEAD:large.bin']).toString().trim());
    const pieces: Buffer[] = [];
    for await (const piece of pack.stream(entry)) pieces.push(piece as Buffer);
    expect(Buffer.concat(pieces).equals(readFileSync(join(repo, 'large.bin')))).toBe(true);
    pack.close();
  });

  test('of no objects has an index like git makes', async () => {
    const empty = Buffer.concat([...writePack([])]);
    const { pack, checksum } = await receive(empty);
    expect(encodePackIndex(pack.table, checksum).equals(gitIndex(empty))).toBe(true);
    pack.close();
  });

  test('that was cut, damaged or lied about is corrupt, wherever it is', async () => {
    const bytes = packOf('--delta-base-offset');
    const cut = bytes.subarray(0, Math.floor(bytes.length / 2));
    await expect(receive(cut)).rejects.toMatchObject({ code: 'CORRUPT_PACK' });
    for (const at of [1, 9, 40, 1000, 5000, bytes.length - 25, bytes.length - 3]) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ 0x10;
      await expect(receive(damaged), `byte ${at}`).rejects.toMatchObject({
        code: expect.stringMatching(/^(CORRUPT_PACK|LIMIT_EXCEEDED)$/),
      });
    }
  });

  test('with a delta whose base is missing is corrupt', async () => {
    const instructions = Buffer.from([1, 1, 1, 0x61]);
    const delta = { baseOid: '1'.repeat(40), instructions };
    const thin = Buffer.concat([...writePack([{ type: 'blob', content: Buffer.alloc(0), delta }])]);
    await expect(receive(thin)).rejects.toMatchObject({ code: 'CORRUPT_PACK' });
  });

  test.each([
    ['maxPackBytes', 1000],
    ['maxObjects', 3],
    ['maxObjectBytes', 100],
    ['maxDeltaDepth', 0],
  ] as const)('is refused beyond %s', async (limit, value) => {
    const limits = { ...defaultLimits, [limit]: value };
    await expect(receive(packOf('--delta-base-offset'), { limits })).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      data: { limit },
    });
  });

  test('is left when the run is cancelled', async () => {
    const signal = AbortSignal.abort();
    await expect(receive(packOf(), { signal })).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

describe('a pack index', () => {
  test('has room for offsets beyond two gigabytes', () => {
    const table = new PackTable(3);
    ['3', '1', '2'].forEach((digit, entry) => {
      table.name(entry, 'blob', digit.repeat(40));
      table.crcs[entry] = 0xdeadbeef;
      table.offsets[entry] = [12, 0x7fffffff, 0x1_8000_0000][entry] ?? 0;
    });
    const name = join(root, 'large-offsets.idx');
    writeFileSync(name, encodePackIndex(table, Buffer.alloc(20)));
    const shown = git(['show-index'], readFileSync(name)).toString().trim().split('\n');
    expect(shown).toEqual([
      `2147483647 ${'1'.repeat(40)} (deadbeef)`,
      `6442450944 ${'2'.repeat(40)} (deadbeef)`,
      `12 ${'3'.repeat(40)} (deadbeef)`,
    ]);
  });

  test('finds ids that begin alike', () => {
    const ids = ['b', '3', 'c', '1', '2', 'a'].map((digit, entry) =>
      entry % 2 === 0 ? `0badcafe${digit.repeat(32)}` : digit.repeat(40),
    );
    const table = new PackTable(ids.length);
    ids.forEach((oid, entry) => {
      table.name(entry, 'blob', oid);
    });
    expect([...table.sorted()].map((entry) => table.oid(entry))).toEqual([...ids].sort());
    expect(ids.map((oid) => table.find(oid))).toEqual([...ids.keys()]);
    expect(table.find(`0badcafe${'d'.repeat(32)}`)).toBe(-1);
  });

  test('is what git verify-pack accepts', async () => {
    const { pack, checksum, path } = await receive(packOf('--delta-base-offset'));
    writeFileSync(path.replace(/pack$/, 'idx'), encodePackIndex(pack.table, checksum));
    git(['verify-pack', path]);
    pack.close();
    expect(readdirSync(root)).toContain(path.split('/').at(-1));
  });
});
