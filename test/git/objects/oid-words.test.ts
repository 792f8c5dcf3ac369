import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { sortByHead } from '../../../src/git/objects/oid-words.js';

test('ids come out by their first four bytes, with these as numbers', () => {
  const edges = ['00000000', '00000001', '00000003', '7fffffff', '80000000', 'fffffffe', 'ffffffff'];
  const ids = [...edges, ...edges].map((head) => Buffer.concat([Buffer.from(head, 'hex'), randomBytes(16)]));
  while (ids.length < 5000) ids.push(randomBytes(20));
  for (const count of [0, 1, 2, edges.length * 2, ids.length]) {
    const some = ids.slice(0, count).sort(() => Math.random() - 0.5);
    const bytes = new Uint8Array(Buffer.concat(some));
    const { order, heads } = sortByHead(new Int32Array(bytes.buffer));
    const expected = some.map((id) => id.readUInt32BE()).sort((a, b) => a - b);
    expect([...heads]).toEqual(expected);
    expect([...order].map((place) => some[place]?.readUInt32BE())).toEqual(expected);
    expect(new Set(order).size).toBe(count);
  }
});
