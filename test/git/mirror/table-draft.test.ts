import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  findRow,
  footerBytes,
  isTableIntact,
  layerMagic,
  readFooter,
  readRow,
  rowBytes,
  types,
} from '../../../src/git/mirror/layer-format.js';
import { TableDraft } from '../../../src/git/mirror/table-draft.js';

const hex = (digits: number) =>
  fc
    .array(fc.constantFrom(...'0123456789abcdef'), { minLength: digits, maxLength: digits })
    .map((all) => all.join(''));
/** Some begin alike, and some have the highest bit set. */
const oid = fc.oneof(
  hex(40),
  fc
    .tuple(fc.constantFrom('00000000', '7fffffff', '80000000', 'ffffffff', 'c0ffee00'), hex(32))
    .map(([a, b]) => a + b),
);
const object = fc.record({
  oid,
  type: fc.constantFrom(...types),
  size: fc.oneof(
    fc.nat(1000),
    fc.nat({ max: 2 ** 31 - 1 }),
    fc.maxSafeNat().map((size) => size % 2 ** 40),
  ),
});

test('a table finds every object where it was added, also far behind the first four gigabytes', () => {
  fc.assert(
    fc.property(fc.uniqueArray(object, { selector: ({ oid }) => oid, maxLength: 700 }), (objects) => {
      const draft = new TableDraft();
      const starts = new Map<string, number>();
      let end = layerMagic.length;
      for (const { oid, type, size } of objects) {
        starts.set(oid, end);
        const bytes = Math.min(size + 12, 2 ** 38);
        draft.add(oid, type, size, bytes);
        end += bytes;
      }
      const table = draft.encode();
      const rows = objects.length;
      expect(draft.rows).toBe(rows);
      expect(table.length).toBe(rows * rowBytes + footerBytes);
      expect(isTableIntact(table)).toBe(true);
      const footer = table.subarray(rows * rowBytes);
      expect(readFooter(footer, end + table.length)).toEqual({ rows, tableStart: end });
      const heads = Array.from({ length: rows }, (_, row) => table.readUInt32BE(row * rowBytes));
      expect(heads).toEqual([...heads].sort((a, b) => a - b));
      for (const { oid, type, size } of objects) {
        const row = findRow(table, rows, oid);
        expect(readRow(table, row)).toEqual({ oid, type, size, start: starts.get(oid) });
      }
    }),
    { numRuns: 200 },
  );
});
