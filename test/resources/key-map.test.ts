import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ResourceKey } from '../../schemas/resources.js';
import { KeyedList, KeySet } from '../../src/resources/key-map.js';
import { formatKey } from '../../src/storage/types.js';

const key: fc.Arbitrary<ResourceKey> = fc.record({
  kind: fc.constantFrom('flow', 'file'),
  namespace: fc.constantFrom('a', 'b'),
  id: fc.constantFrom('k', 'l', 'm', 'n', 'o'),
});
const keys = fc.oneof(
  fc.array(key, { maxLength: 20 }),
  // As listings have them.
  fc
    .array(key, { maxLength: 20 })
    .map((all) => [...all].sort((a, b) => (formatKey(a) < formatKey(b) ? -1 : 1))),
);

describe('a set of keys', () => {
  it('takes each key once, in whatever order they come', () => {
    fc.assert(
      fc.property(keys, keys, (added, asked) => {
        const set = new KeySet();
        const expected = new Set<string>();
        for (const one of added) {
          expect(set.add(one)).toBe(!expected.has(formatKey(one)));
          expected.add(formatKey(one));
        }
        for (const one of asked) expect(set.has(one)).toBe(expected.has(formatKey(one)));
        for (const one of asked) {
          expect(set.add(one)).toBe(!expected.has(formatKey(one)));
          expected.add(formatKey(one));
        }
      }),
    );
  });
});

describe('a list of items with keys', () => {
  it('finds each item by its key, asked for in its order or in another', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(key, { selector: formatKey }),
        keys,
        fc.boolean(),
        (given, asked, inOrder) => {
          const items = given.map((one) => ({ key: one }));
          const list = new KeyedList(items);
          for (const one of inOrder ? [...given, ...asked] : [...asked, ...given]) {
            const place = items.findIndex((item) => formatKey(item.key) === formatKey(one));
            expect(list.indexOf({ ...one })).toBe(place);
          }
          for (const one of asked) {
            expect(list.get(one)).toBe(items.find((item) => formatKey(item.key) === formatKey(one)));
          }
        },
      ),
    );
  });
});
