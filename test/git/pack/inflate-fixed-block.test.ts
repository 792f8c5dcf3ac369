import { constants, deflateSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inflateFixedBlock } from '../../../src/git/pack/inflate-fixed-block.js';

const fixed = (content: Uint8Array, level = 9) =>
  deflateSync(content, { strategy: constants.Z_FIXED, level });
const repetitive = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 30 })), {
    maxLength: 20,
  })
  .map((parts) =>
    Buffer.concat(parts.flatMap(([bytes, times]) => Array.from({ length: times }, () => Buffer.from(bytes)))),
  );

describe('a block with built-in codes', () => {
  test('inflates to what was deflated, and takes no byte of what follows', () => {
    fc.assert(
      fc.property(repetitive, fc.uint8Array({ maxLength: 20 }), (content, following) => {
        const deflated = fixed(content);
        const target = Buffer.alloc(content.length);
        expect(inflateFixedBlock(Buffer.concat([deflated, following]), target)).toBe(deflated.length);
        expect(target.equals(content)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('reaches back over every distance and length there is', () => {
    const content = Buffer.alloc(70_000).map((_, at) => (at * 2_654_435_761) >>> 24);
    const far = Buffer.concat([
      content.subarray(0, 32_768),
      content.subarray(0, 300),
      Buffer.alloc(1000),
      content.subarray(0, 40_000),
    ]);
    const target = Buffer.alloc(far.length);
    expect(inflateFixedBlock(fixed(far), target)).toBe(fixed(far).length);
    expect(target.equals(far)).toBe(true);
  });

  test('is left to zlib unless it fits its target exactly', () => {
    const content = Buffer.from('id: a\nid: a\nid: a\n');
    for (const size of [0, content.length - 1, content.length + 1, 1000]) {
      expect(inflateFixedBlock(fixed(content), Buffer.alloc(size))).toBe(-1);
    }
  });

  test('is left to zlib wherever it is cut off', () => {
    const content = Buffer.from('namespace: company.team\nnamespace: company.team\n');
    const deflated = fixed(content);
    for (let length = 0; length < deflated.length; length++) {
      expect(inflateFixedBlock(deflated.subarray(0, length), Buffer.alloc(content.length))).toBe(-1);
    }
  });

  test('is left to zlib, or is what zlib makes of it, whichever bit is flipped', () => {
    fc.assert(
      fc.property(repetitive, fc.nat(), (content, seed) => {
        const deflated = fixed(content);
        const bit = seed % (deflated.length * 8);
        deflated[bit >> 3] = (deflated[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const target = Buffer.alloc(content.length);
        const consumed = inflateFixedBlock(deflated, target);
        if (consumed !== -1) expect(inflateSync(deflated.subarray(0, consumed)).equals(target)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

test('other blocks, and what is no zlib stream, are left to zlib', () => {
  const content = Buffer.from(Array.from({ length: 500 }, (_, at) => `line ${at * at}\n`).join(''));
  const others = [
    deflateSync(content),
    deflateSync(content, { level: 0 }),
    deflateSync(content, { finishFlush: constants.Z_SYNC_FLUSH, strategy: constants.Z_FIXED }),
    Buffer.alloc(0),
    Buffer.from('no zlib stream at all'),
  ];
  for (const other of others) expect(inflateFixedBlock(other, Buffer.alloc(content.length))).toBe(-1);
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => inflateFixedBlock(bytes, Buffer.alloc(10)) === -1),
    { numRuns: 500 },
  );
});
