import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ContentCache } from '../../../src/git/pack/content-cache.js';

const contentOf = (entry: number): Buffer => Buffer.from(`content of ${entry}`);

/** A run in which each third entry is a delta, whose content is not there. */
function runOf(first: number, count: number) {
  const starts = new Uint32Array(count);
  const ends = new Uint32Array(count);
  const parts: Buffer[] = [];
  let length = 0;
  for (let index = 0; index < count; index++) {
    if ((first + index) % 3 === 2) continue;
    const header = Buffer.from('blob 12\0');
    const content = contentOf(first + index);
    parts.push(header, content);
    starts[index] = length + header.length;
    length += header.length + content.length;
    ends[index] = length;
  }
  return { first, memory: new Uint8Array(Buffer.concat(parts)), starts, ends };
}

describe('the contents of a pack that are kept', () => {
  test('are found by their entries, whether they came one by one or in runs', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.boolean()), { maxLength: 30 }),
        (parts) => {
          const cache = new ContentCache(1_000_000);
          let entry = 0;
          const expected: (Buffer | undefined)[] = [];
          for (const [count, isRun] of parts) {
            if (isRun) cache.putRun(runOf(entry, count));
            for (const end = entry + count; entry < end; entry++) {
              const isDelta = isRun && entry % 3 === 2;
              if (!isRun || entry % 6 === 2) cache.put(entry, contentOf(entry));
              expected.push(isDelta && entry % 6 !== 2 ? undefined : contentOf(entry));
            }
          }
          const read = [...expected.keys(), entry, -1].map((number) => cache.get(number));
          expect(read).toEqual([...expected, undefined, undefined]);
        },
      ),
    );
  });

  test('are the last ones where they come one by one, also after all have gone', () => {
    const cache = new ContentCache(400);
    const put: number[] = [];
    for (let entry = 0; entry < 500; entry++) {
      if (entry % 100 === 99) {
        const nothing = new Uint32Array(1);
        cache.putRun({ first: entry, memory: new Uint8Array(399), starts: nothing, ends: nothing });
        continue;
      }
      cache.put(entry, contentOf(entry));
      put.push(entry);
      const kept = put.filter((other) => cache.get(other) !== undefined);
      expect(kept.at(-1)).toBe(entry);
      expect(kept).toEqual(put.slice(-kept.length));
      expect(kept.length).toBeLessThanOrEqual(400 / 'content of 1'.length);
      if (entry % 100 > 60) expect(kept.length).toBeGreaterThan(20);
    }
  });

  test('are those that were put in last, within the bound', () => {
    const cache = new ContentCache(4000);
    for (let first = 0; first < 1000; first += 10) {
      cache.putRun(runOf(first, 9));
      cache.put(first + 9, contentOf(first + 9));
    }
    const kept = [...Array(1000).keys()].filter((entry) => cache.get(entry) !== undefined);
    const oldest = kept[0] ?? 0;
    const bytes = kept.reduce((sum, entry) => sum + contentOf(entry).length, 0);
    expect(bytes).toBeLessThanOrEqual(4000);
    expect(bytes).toBeGreaterThan(2000);
    expect(kept).toEqual(
      [...Array(1000).keys()].filter((entry) => entry >= oldest && (entry % 10 === 9 || entry % 3 !== 2)),
    );
    expect(cache.get(999)).toEqual(contentOf(999));
  });

  test('are not replaced by one that is too large', () => {
    const cache = new ContentCache(4000);
    cache.put(1, contentOf(1));
    cache.put(2, Buffer.alloc(1001));
    expect(cache.get(2)).toBeUndefined();
    expect(cache.get(1)).toEqual(contentOf(1));
  });
});
