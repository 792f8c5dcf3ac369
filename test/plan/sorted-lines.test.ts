import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinLines, SortedLines } from '../../src/plan/sorted-lines.js';

const asRow = (key: string, value: number) => JSON.stringify([key, value]);
const asObject = (key: string, value: number) => JSON.stringify({ gitPath: key, value });

describe.each([
  ['lists', asRow],
  ['objects', asObject],
])('lines of %s', (_, format) => {
  const key = fc.oneof(
    fc.stringMatching(/^[a-c/.]{0,4}$/),
    fc.string({ unit: 'grapheme', maxLength: 3 }),
    fc.constantFrom('a"b', 'a\\', 'a\nb', 'é', 'a:b', '{"'),
  );
  const entries = fc.dictionary(key, fc.nat(9), { maxKeys: 12, noNullPrototype: true });
  const linesOf = (map: ReadonlyMap<string, number>) =>
    joinLines([...map.keys()].sort(), (one) => format(one, map.get(one) ?? 0));
  const sortedOf = (map: ReadonlyMap<string, number>) => new SortedLines(Buffer.from(linesOf(map)));

  it('are found by what they begin with', () => {
    fc.assert(
      fc.property(entries, key, (made, other) => {
        const map = new Map(Object.entries(made));
        const lines = sortedOf(map);
        for (const one of [...map.keys(), other]) {
          const value = map.get(one);
          expect(lines.get(one)).toBe(value === undefined ? null : format(one, value));
        }
      }),
    );
  });

  it('change as a map does', () => {
    const changes = fc.array(fc.tuple(key, fc.oneof(fc.nat(9), fc.constant(null))), { maxLength: 8 });
    fc.assert(
      fc.property(entries, changes, (made, edits) => {
        const map = new Map(Object.entries(made));
        const before = sortedOf(map);
        const text = before.bytes.toString();
        const after = before.with(
          new Map(edits.map(([one, value]) => [one, value === null ? null : format(one, value)])),
        );
        for (const [one, value] of edits) {
          if (value === null) map.delete(one);
          else map.set(one, value);
        }
        expect(after.bytes.toString()).toBe(String(linesOf(map)));
        expect(before.bytes.toString()).toBe(text);
      }),
    );
  });
});

it('says whether a text is in any line', () => {
  const lines = new SortedLines(Buffer.from('["a",1]\n["b",2]\n').subarray(0, 8));
  expect([lines.includes('"a"'), lines.includes('"b"')]).toEqual([true, false]);
});

it('joins any number of lines', () => {
  for (const count of [0, 1, 999, 1000, 1001, 2500]) {
    const items = Array.from({ length: count }, (_, index) => index);
    expect(String(joinLines(items, String))).toBe(items.map((item) => `${item}\n`).join(''));
  }
});
