import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rowsInOrder, sortByHead } from '../../../src/git/objects/sorted-rows.js';

function wordsOf(ids: readonly Uint8Array[]): Int32Array {
  return new Int32Array(new Uint8Array(Buffer.concat(ids)).buffer);
}

test('ids come out by their first four bytes, with these as numbers', () => {
  const edges = ['00000000', '00000001', '00000003', '7fffffff', '80000000', 'fffffffe', 'ffffffff'];
  const ids = [...edges, ...edges].map((head) => Buffer.concat([Buffer.from(head, 'hex'), randomBytes(16)]));
  while (ids.length < 5000) ids.push(randomBytes(20));
  for (const count of [0, 1, 2, edges.length * 2, ids.length]) {
    const some = ids.slice(0, count).sort(() => Math.random() - 0.5);
    const { order, heads, alike } = sortByHead(wordsOf(some));
    const expected = some.map((id) => id.readUInt32BE()).sort((a, b) => a - b);
    expect([...heads]).toEqual(expected);
    expect([...order].map((place) => some[place]?.readUInt32BE())).toEqual(expected);
    expect(new Set(order).size).toBe(count);
    expect(alike).toBe(count - new Set(expected).size);
  }
});

test('ids that begin alike keep their order', () => {
  const ids = Array.from({ length: 3000 }, (_, place) =>
    Buffer.concat([Buffer.from([place % 3, 0, 0, 255]), randomBytes(16)]),
  );
  const { order, alike } = sortByHead(wordsOf(ids));
  const places = ids.map((_, place) => place);
  expect([...order]).toEqual([0, 1, 2].flatMap((head) => places.filter((place) => place % 3 === head)));
  expect(alike).toBe(2997);
});

test('a table has the rows of all its columns in the order asked for, also when it is large', () => {
  const tables = fc.nat(300).chain((rows) => {
    const column = fc
      .integer({ min: 1, max: 4 })
      .chain((words) => fc.array(fc.integer(), { minLength: rows * words, maxLength: rows * words }));
    const order = fc.shuffledSubarray(
      Array.from({ length: rows }, (_, row) => row),
      { minLength: rows },
    );
    return fc.record({ order, columns: fc.array(column, { minLength: 1, maxLength: 3 }) });
  });
  fc.assert(
    fc.property(tables, ({ order, columns }) => {
      const words = columns.map((column) => column.length / order.length);
      const expected = order.flatMap((row) =>
        columns.flatMap((column, number) => {
          const width = words[number] ?? 0;
          return column.slice(row * width, (row + 1) * width);
        }),
      );
      const table = rowsInOrder(
        Int32Array.from(order),
        columns.map((column) => Int32Array.from(column)),
      );
      expect([...table]).toEqual(expected);
    }),
  );
  const rows = 400_000;
  const reversed = Int32Array.from({ length: rows }, (_, row) => rows - 1 - row);
  const five = Int32Array.from({ length: rows * 5 }, (_, word) => word);
  const table = rowsInOrder(reversed, [five, reversed]);
  for (const row of [0, 1, 123_456, rows - 1]) {
    const source = rows - 1 - row;
    const ids = [0, 1, 2, 3, 4].map((word) => source * 5 + word);
    expect([...table.subarray(row * 6, row * 6 + 6)]).toEqual([...ids, row]);
  }
});
