import { randomBytes } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { resolveLimits } from '../../../src/git/limits.js';
import { hashObject } from '../../../src/git/objects/hash.js';
import type { PackObjects } from '../../../src/git/pack/pack-objects.js';
import { readPack } from '../../../src/git/pack/read-pack.js';
import type { GitLimits, TransferProgress } from '../../../src/git/types.js';
import { inChunks, makeDelta, makeEntry, makePack, withChecksum } from './hand-made-pack.js';

const text = (length: number, seed = 'flow') => Buffer.from(`${seed} `.repeat(length).slice(0, length));
const blobId = (content: Uint8Array) => hashObject('blob', content);

function read(pack: Uint8Array, chunkBytes = 4096, limits: Partial<GitLimits> = {}): Promise<PackObjects> {
  return readPack(inChunks(pack, chunkBytes), { limits: resolveLimits(limits) });
}

function contentOf(objects: PackObjects, oid: string): Buffer {
  return Buffer.from(objects.get(oid)?.data ?? []);
}

describe('whole objects', () => {
  test('an empty pack holds nothing', async () => {
    expect((await read(makePack([]))).size).toBe(0);
  });

  test('each object is found under its id, with its type', async () => {
    const objects = await read(
      makePack([
        makeEntry({ type: 'blob', content: Buffer.alloc(0) }),
        makeEntry({ type: 'blob', content: text(300) }),
        makeEntry({ type: 'tree', content: Buffer.alloc(0) }),
        makeEntry({ type: 'tag', content: Buffer.from('object …') }),
      ]),
    );
    expect([...objects.oids()]).toEqual([
      'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391',
      blobId(text(300)),
      '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
      hashObject('tag', Buffer.from('object …')),
    ]);
    expect(objects.get('4b825dc642cb6eb9a060e54bf8d69288fbee4904')?.type).toBe('tree');
    expect(objects.get('0'.repeat(40))).toBeUndefined();
  });

  test('contents do not depend on where the stream is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 2000 }), { maxLength: 30 }),
        fc.integer({ min: 1, max: 700 }),
        async (contents, chunkBytes) => {
          const pack = makePack(contents.map((content) => makeEntry({ type: 'blob', content })));
          const objects = await read(pack, chunkBytes);
          for (const content of contents)
            expect(contentOf(objects, blobId(content)).equals(content)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('large objects are inflated as they stream in, whatever follows them', async () => {
    const contents = [randomBytes(700_000), Buffer.alloc(5_000_000, 'a'), randomBytes(262_145), text(10)];
    const pack = makePack(contents.map((content) => makeEntry({ type: 'blob', content })));
    for (const chunkBytes of [1000, 65_515, pack.length]) {
      const objects = await read(pack, chunkBytes);
      for (const content of contents) expect(contentOf(objects, blobId(content)).equals(content)).toBe(true);
    }
  });

  test('bytes compressed far worse than deflate does are read all the same', async () => {
    const content = text(100);
    const stored: Buffer[] = [Buffer.from([0x78, 0x01])];
    for (let empty = 0; empty < 2000; empty++) stored.push(Buffer.from([0, 0, 0, 0xff, 0xff]));
    stored.push(deflateSync(content).subarray(2));
    const deflated = Buffer.concat(stored);
    for (const size of [100, 1]) {
      const pack = makePack([
        makeEntry({ type: 'blob', content, deflated }),
        makeEntry({ type: 'blob', content: text(50) }),
      ]);
      const objects = await read(pack, size);
      expect(contentOf(objects, blobId(content)).equals(content)).toBe(true);
      expect(objects.size).toBe(2);
    }
  });

  test('progress ends with all objects and the bytes of the pack', async () => {
    const events: TransferProgress[] = [];
    const pack = makePack([makeEntry({ type: 'blob', content: text(5) })]);
    await readPack(inChunks(pack, 10), {
      limits: resolveLimits(),
      onProgress: (event) => events.push(event),
    });
    expect(events.at(-1)).toEqual({ phase: 'receive', done: 1, total: 1, bytes: pack.length });
  });
});

describe('deltas', () => {
  const base = text(1000, 'base');
  const result = Buffer.concat([base.subarray(0, 600), Buffer.from('changed'), base.subarray(700)]);
  const delta = makeDelta(base.length, result.length, [[0, 600], 'changed', [700, 300]]);
  const baseEntry = makeEntry({ type: 'blob', content: base });

  test('an ofs-delta is rebuilt from the object before it', async () => {
    const entry = makeEntry({ type: 'ofsDelta', content: delta, base: { distance: baseEntry.length } });
    const objects = await read(makePack([baseEntry, entry]), 1);
    expect(contentOf(objects, blobId(result)).equals(result)).toBe(true);
  });

  test('a ref-delta is rebuilt whether its base stands before or behind it', async () => {
    const entry = makeEntry({ type: 'refDelta', content: delta, base: { oid: blobId(base) } });
    for (const entries of [
      [baseEntry, entry],
      [entry, baseEntry],
    ]) {
      const objects = await read(makePack(entries));
      expect(contentOf(objects, blobId(result)).equals(result)).toBe(true);
    }
  });

  test('deltas that wait for one another are rebuilt once the first base arrives', async () => {
    const last = text(9, 'last');
    const second = makeDelta(result.length, last.length, [last.toString()]);
    const waiting = makeEntry({ type: 'refDelta', content: delta, base: { oid: blobId(base) } });
    const onTop = makeEntry({ type: 'ofsDelta', content: second, base: { distance: waiting.length } });
    const byId = makeEntry({ type: 'refDelta', content: second, base: { oid: blobId(result) } });
    const objects = await read(makePack([waiting, onTop, byId, baseEntry]));
    expect([...objects.oids()].sort()).toEqual([blobId(base), blobId(result), blobId(last)].sort());
  });

  test('a long chain needs no stack', async () => {
    const entries = [makeEntry({ type: 'blob', content: Buffer.from('0000') })];
    for (let step = 1; step <= 4000; step++) {
      const content = makeDelta(4, 4, [String(step).padStart(4, '0')]);
      const distance = entries.at(-1)?.length ?? 0;
      entries.push(makeEntry({ type: 'ofsDelta', content, base: { distance } }));
    }
    expect((await read(makePack(entries))).has(blobId(Buffer.from('4000')))).toBe(true);
    await expect(read(makePack(entries), 4096, { maxDeltaDepth: 100 })).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
    });
  });

  test('copies reach any offset and size that the format can name', async () => {
    const wide = randomBytes(0x1_02_03_04 + 0x10000);
    const copied = wide.subarray(0x1_02_03_04);
    const entry = makeEntry({ type: 'blob', content: wide, deflated: deflateSync(wide, { level: 0 }) });
    // A size of zero means 0x10000.
    const content = makeDelta(wide.length, 0x10000, [[0x1_02_03_04, 0]]);
    const objects = await read(
      makePack([entry, makeEntry({ type: 'refDelta', content, base: { oid: blobId(wide) } })]),
      65_515,
    );
    expect(objects.has(blobId(copied))).toBe(true);
  });
});

describe('malformed packs are CORRUPT_PACK', () => {
  const blob = makeEntry({ type: 'blob', content: text(500) });
  const asDelta = (delta: Uint8Array) => [
    blob,
    makeEntry({ type: 'refDelta', content: delta, base: { oid: blobId(text(500)) } }),
  ];
  const reserved = Buffer.concat([makeDelta(500, 1, []), Buffer.from([0])]);
  const cases: Record<string, Buffer> = {
    'no pack at all': Buffer.from('<html>not a pack, and a few more bytes</html>'),
    'an unknown version': makePack([blob], { version: 4 }),
    'fewer objects than announced': makePack([blob], { count: 2 }),
    'more objects than announced': makePack([blob, blob], { count: 1 }),
    'bytes behind the checksum': Buffer.concat([makePack([blob]), Buffer.from('x')]),
    'a wrong checksum': Buffer.concat([makePack([blob]).subarray(0, -1), Buffer.from('x')]),
    'object type 0': makePack([Buffer.concat([Buffer.from([0x05]), deflateSync(text(5))])]),
    'object type 5': makePack([Buffer.concat([Buffer.from([0x55]), deflateSync(text(5))])]),
    'a size without end': makePack([Buffer.alloc(40, 0xbf)]),
    'an object smaller than it declares': makePack([
      makeEntry({ type: 'blob', content: text(5), declaredSize: 6 }),
    ]),
    'an object larger than it declares': makePack([
      makeEntry({ type: 'blob', content: text(5), declaredSize: 4 }),
    ]),
    'a large object smaller than it declares': makePack([
      makeEntry({ type: 'blob', content: text(300_000), declaredSize: 300_001 }),
    ]),
    'a large object larger than it declares': makePack([
      makeEntry({ type: 'blob', content: text(900_000), declaredSize: 300_000 }),
    ]),
    'bytes that are not deflated': makePack([
      makeEntry({ type: 'blob', content: text(5), deflated: Buffer.alloc(50, 0xff) }),
    ]),
    'large bytes that are not deflated': makePack([
      makeEntry({ type: 'blob', content: text(300_000), deflated: Buffer.alloc(70_000, 0xff) }),
    ]),
    'an ofs-delta on itself': makePack([
      blob,
      makeEntry({ type: 'ofsDelta', content: makeDelta(500, 1, ['a']), base: { distance: 0 } }),
    ]),
    'an ofs-delta on the middle of an object': makePack([
      blob,
      makeEntry({ type: 'ofsDelta', content: makeDelta(500, 1, ['a']), base: { distance: 3 } }),
    ]),
    'an ofs-delta on what is before the pack': makePack([
      blob,
      makeEntry({ type: 'ofsDelta', content: makeDelta(500, 1, ['a']), base: { distance: 100_000 } }),
    ]),
    'a ref-delta without a base': makePack([
      makeEntry({ type: 'refDelta', content: makeDelta(500, 1, ['a']), base: { oid: 'a'.repeat(40) } }),
    ]),
    'a delta made for another base': makePack(asDelta(makeDelta(499, 1, ['a']))),
    'a delta that makes too little': makePack(asDelta(makeDelta(500, 2, ['a']))),
    'a delta that makes too much': makePack(asDelta(makeDelta(500, 2, ['abc']))),
    'a delta that copies too much': makePack(asDelta(makeDelta(500, 2, [[0, 3]]))),
    'a delta that copies from behind its base': makePack(asDelta(makeDelta(500, 2, [[499, 2]]))),
    'a delta that copies from far away': makePack(asDelta(makeDelta(500, 2, [[0xffffffff, 2]]))),
    'a delta cut off in a copy': makePack(asDelta(makeDelta(500, 2, [[0, 2]]).subarray(0, -3))),
    'a delta cut off in an insertion': makePack(asDelta(makeDelta(500, 2, ['ab']).subarray(0, -1))),
    'a delta with the reserved instruction': makePack(asDelta(reserved)),
    'an empty delta': makePack(asDelta(Buffer.alloc(0))),
  };

  test.each(Object.entries(cases))('%s', async (_title, pack) => {
    for (const chunkBytes of [7, 65_536]) {
      await expect(read(pack, chunkBytes)).rejects.toMatchObject({ code: 'CORRUPT_PACK' });
    }
  });

  test('two deltas that are each other’s base', async () => {
    // No real ids can make such a circle; what is told of the base is never found.
    const first = makeEntry({
      type: 'refDelta',
      content: makeDelta(1, 1, ['a']),
      base: { oid: blobId(Buffer.from('b')) },
    });
    const second = makeEntry({
      type: 'refDelta',
      content: makeDelta(1, 1, ['b']),
      base: { oid: blobId(Buffer.from('a')) },
    });
    await expect(read(makePack([first, second]))).rejects.toMatchObject({ code: 'CORRUPT_PACK' });
  });
});

describe('damaged packs', () => {
  const entries = [
    makeEntry({ type: 'blob', content: text(400) }),
    makeEntry({ type: 'tree', content: Buffer.alloc(0) }),
    makeEntry({
      type: 'refDelta',
      content: makeDelta(400, 6, ['abc', [3, 3]]),
      base: { oid: blobId(text(400)) },
    }),
    makeEntry({ type: 'blob', content: randomBytes(3000) }),
  ];
  const pack = makePack(entries);

  test('are refused wherever they are cut off', async () => {
    for (let length = 0; length < pack.length; length++) {
      if (length > 600 && length % 37 !== 0 && length < pack.length - 30) continue;
      await expect(read(pack.subarray(0, length), 100)).rejects.toMatchObject({ code: 'CORRUPT_PACK' });
    }
  });

  test('are refused whichever bit is flipped', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(pack.length * 8 - 1),
        fc.integer({ min: 1, max: 2000 }),
        async (bit, chunkBytes) => {
          const damaged = Buffer.from(pack);
          damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
          await expect(read(damaged, chunkBytes)).rejects.toMatchObject({
            code: expect.stringMatching(/^(CORRUPT_PACK|LIMIT_EXCEEDED)$/),
          });
        },
      ),
      { numRuns: 400 },
    );
  });

  test('are refused or read truthfully when the checksum covers the damage', async () => {
    const good = await read(pack);
    await fc.assert(
      fc.asyncProperty(fc.nat((pack.length - 20) * 8 - 1), async (bit) => {
        const damaged = Buffer.from(pack.subarray(0, -20));
        damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        try {
          const objects = await read(withChecksum(damaged));
          for (const oid of objects.oids()) {
            const object = objects.get(oid);
            expect(object && hashObject(object.type, object.data)).toBe(oid);
          }
          expect(objects.size).toBeLessThanOrEqual(good.size);
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^(CORRUPT_PACK|LIMIT_EXCEEDED)$/) });
        }
      }),
      { numRuns: 400 },
    );
  });

  test('random bytes never do worse than being refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.nat(50), async (bytes, count) => {
        await read(makePack([bytes], { count }), 64).catch((error) => {
          expect(error).toMatchObject({ code: expect.stringMatching(/^(CORRUPT_PACK|LIMIT_EXCEEDED)$/) });
        });
      }),
      { numRuns: 300 },
    );
  });

  test('a stream that fails fails the reading, and is let go', async () => {
    let returned = false;
    async function* broken(): AsyncGenerator<Uint8Array> {
      try {
        yield pack.subarray(0, 100);
        throw new Error('reset');
      } finally {
        returned = true;
      }
    }
    await expect(readPack(broken(), { limits: resolveLimits() })).rejects.toThrow('reset');
    expect(returned).toBe(true);
  });

  test('a stream is let go when its pack is refused halfway', async () => {
    let returned = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield Buffer.alloc(1000, 0xff);
      } finally {
        returned = true;
      }
    }
    await expect(readPack(endless(), { limits: resolveLimits() })).rejects.toMatchObject({
      code: 'CORRUPT_PACK',
    });
    expect(returned).toBe(true);
  });
});

describe('limits are LIMIT_EXCEEDED, before memory is taken', () => {
  const small = makeEntry({ type: 'blob', content: text(500) });
  const huge = makeEntry({ type: 'blob', content: text(5), declaredSize: 2 ** 45 });
  const bomb = makeEntry({
    type: 'blob',
    content: Buffer.alloc(0),
    declaredSize: 1e6,
    deflated: deflateSync(Buffer.alloc(1e6)),
  });
  const expanding = makeEntry({
    type: 'refDelta',
    content: makeDelta(500, 2 ** 45, [[0, 500]]),
    base: { oid: blobId(text(500)) },
  });
  const cases: [string, Buffer, Partial<GitLimits>][] = [
    ['the pack', makePack([small, small]), { maxPackBytes: 40 }],
    ['the number of objects', makePack([small], { count: 2 ** 32 - 1 }), {}],
    ['one object', makePack([huge]), {}],
    [
      'a delta',
      makePack([
        makeEntry({ type: 'ofsDelta', content: text(5), declaredSize: 2 ** 45, base: { distance: 5 } }),
      ]),
      {},
    ],
    ['what a delta makes', makePack([small, expanding]), {}],
    ['everything together', makePack([bomb, bomb, bomb, bomb]), { maxContentBytes: 3_500_000 }],
  ];

  test.each(cases)('%s', async (_what, pack, limits) => {
    await expect(read(pack, 4096, limits)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });
});
