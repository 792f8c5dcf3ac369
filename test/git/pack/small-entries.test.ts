import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { constants, deflateSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PackWindow } from '../../../src/git/pack/pack-window.js';
import { readSmallRun } from '../../../src/git/pack/small-entries.js';
import { makeEntry } from './hand-made-pack.js';

const repetitive = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 30 })), {
    maxLength: 20,
  })
  .map((parts) =>
    Buffer.concat(parts.flatMap(([bytes, times]) => Array.from({ length: times }, () => Buffer.from(bytes)))),
  );
/** Bytes of which some are far more frequent than others, so that codes of many lengths come out. */
const skewed = fc
  .tuple(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 40 }), fc.nat())
  .map(([length, steepness, seed]) => {
    let state = seed + 1;
    return Buffer.from(
      Array.from({ length }, () => {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
        return Math.min(255, Math.floor(-Math.log((state + 1) / 2 ** 32) * steepness));
      }),
    );
  });
const content = fc.oneof(repetitive, skewed, fc.uint8Array({ maxLength: 300 }).map(Buffer.from));
const compression = fc.record({
  strategy: fc.constantFrom(
    constants.Z_DEFAULT_STRATEGY,
    constants.Z_FIXED,
    constants.Z_HUFFMAN_ONLY,
    constants.Z_RLE,
  ),
  level: fc.integer({ min: 0, max: 9 }),
});

test('the code is what its source compiles to', () => {
  const script = fileURLToPath(new URL('../../../scripts/compile-wasm.js', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  expect(status, stderr).toBe(0);
});

describe('small entries', () => {
  test('are read as they were written, however they were compressed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(content, compression), { minLength: 1, maxLength: 20 }),
        async (all) => {
          const read = await readAll(
            all.map(([bytes, options]) => entryOf(bytes, deflateSync(bytes, options))),
          );
          expect(read.map(String)).toEqual(all.map(([bytes]) => String(bytes)));
        },
      ),
      { numRuns: 300 },
    );
  });

  test('reach back over every distance and length there is', async () => {
    const noise = Buffer.alloc(70_000).map((_, at) => (at * 2_654_435_761) >>> 24);
    const far = Buffer.concat([noise.subarray(0, 32_768), noise.subarray(0, 300), Buffer.alloc(1000), noise]);
    for (const strategy of [constants.Z_FIXED, constants.Z_DEFAULT_STRATEGY]) {
      const [read] = await readAll([entryOf(far, deflateSync(far, { strategy }))]);
      expect(read?.equals(far)).toBe(true);
    }
  });

  test('are left alone from the first that is cut off, wherever it is', async () => {
    const bytes = Buffer.from(Array.from({ length: 40 }, (_, at) => `key${at}: value ${at * at}\n`).join(''));
    const entry = entryOf(bytes, deflateSync(bytes));
    for (let length = 0; length < entry.length; length++) {
      expect(await readAll([entry.subarray(0, length)])).toEqual([]);
    }
  });

  test('are left alone unless they are as large as they say', async () => {
    const bytes = Buffer.from('id: a\nid: a\nid: a\nnamespace: company.team\n'.repeat(4));
    for (const size of [0, bytes.length - 1, bytes.length + 1, 1000]) {
      const lying = makeEntry({ type: 'blob', content: bytes, declaredSize: size });
      expect(await readAll([lying])).toEqual([]);
    }
  });

  test('are left alone, or are what zlib makes of them, whichever bit is flipped', async () => {
    await fc.assert(
      fc.asyncProperty(content, compression, fc.nat(), async (bytes, options, seed) => {
        const deflated = deflateSync(bytes, options);
        const bit = seed % (deflated.length * 8);
        deflated[bit >> 3] = (deflated[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const [read] = await readAll([entryOf(bytes, deflated)]);
        if (read !== undefined) expect(inflateSync(deflated).equals(read)).toBe(true);
      }),
      { numRuns: 1500 },
    );
  });

  test('are never made out of noise', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 30, maxLength: 300 }), async (noise) => {
        // A block that brings its codes along, as it says.
        const deflated = Buffer.concat([Buffer.from([0x78, 0x9c, 0x05]), noise]);
        const [read] = await readAll([makeEntry({ type: 'blob', content: Buffer.alloc(10), deflated })]);
        if (read !== undefined) expect(inflateSync(deflated).equals(read)).toBe(true);
      }),
      { numRuns: 1500 },
    );
  });
});

function entryOf(content: Uint8Array, deflated: Uint8Array): Buffer {
  return makeEntry({ type: 'blob', content, deflated });
}

/** The contents at the beginning of a window of these bytes; as much follows as the longest header takes. */
async function readAll(parts: readonly Uint8Array[]): Promise<Buffer[]> {
  const bytes = Buffer.concat(parts);
  const window = new PackWindow(
    (async function* () {
      yield Buffer.concat([bytes, Buffer.alloc(40)]);
    })(),
    1e9,
  );
  await window.more();
  const run = readSmallRun(window, parts.length);
  return Array.from({ length: run.count }, (_, index) => {
    const start = run.columns.contents[index] ?? 0;
    return run.slab.subarray(start, start + (run.columns.sizes[index] ?? 0));
  });
}
