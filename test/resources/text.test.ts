import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeUtf8, isBinary, lineCount } from '../../src/resources/text.js';

it('gives every text back as it was, byte-order mark included', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.boolean(), (text, bom) => {
      const whole = (bom ? '\uFEFF' : '') + text;
      expect(decodeUtf8(Buffer.from(whole))).toBe(whole);
    }),
  );
});

it.each([
  [[0xff, 0xfe, 0x61, 0]],
  [[0x61, 0xe9]],
  [[0xc0, 0x80]],
  [[0xed, 0xa0, 0x80]],
  [[0xf4, 0x90, 0x80, 0x80]],
])('does not take %j for text', (bytes) => {
  expect(decodeUtf8(Uint8Array.from(bytes))).toBeNull();
});

it('looks for a NUL where git does', () => {
  const zeroAt = (index: number) => new Uint8Array(9000).fill(97).fill(0, index, index + 1);
  expect([zeroAt(0), zeroAt(7999), zeroAt(8000), new Uint8Array()].map(isBinary)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

it('counts the lines that a text has, and none of what is binary', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('', 'a', 'long line', '\n', '\r', '\0')), (parts) => {
      const text = parts.join('');
      const lines = text.match(/[^\n]*\n|[^\n]+$/g)?.length ?? 0;
      expect(lineCount(Buffer.from(text))).toBe(text.includes('\0') ? null : lines);
    }),
  );
  const zeroAt = (index: number) => new Uint8Array(9000).fill(10).fill(0, index, index + 1);
  expect([zeroAt(7999), zeroAt(8000), new Uint8Array()].map(lineCount)).toEqual([null, 9000 - 1, 0]);
});
