import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { encodePackIndex } from '../../../src/git/pack/encode-index.js';
import { PackTable } from '../../../src/git/pack/pack-table.js';

/** What `git show-index` reads from an index: a line per object, in the order of their ids. */
function shown(index: Buffer): string[] {
  return execFileSync('git', ['show-index'], { input: index }).toString().split('\n').filter(Boolean);
}

test.each([
  ['of a small pack', 12, 100],
  ['of a pack of more than two gigabytes, with offsets of eight bytes', 12, 2 ** 31 - 50_000],
  ['of a pack of more than four gigabytes', 2 ** 31 - 1, 2 ** 33],
])('an index %s says the same to git', (_, first, last) => {
  const count = 2000;
  const table = new PackTable(count);
  const expected: string[] = [];
  for (let entry = 0; entry < count; entry++) {
    const offset = Math.floor(first + ((last - first) / (count - 1)) * entry) + entry * 60;
    const oid = (entry % 7 === 0 ? Buffer.from('c0ffee00', 'hex') : randomBytes(4)).toString('hex');
    const name = oid + randomBytes(16).toString('hex');
    const crc = randomBytes(4);
    table.offsets[entry] = offset;
    table.crcs[entry] = crc.readUInt32BE();
    table.name(entry, 'blob', name);
    expected.push(`${offset} ${name} (${crc.toString('hex')})`);
  }
  const oidOf = (line: string) => line.split(' ')[1] ?? '';
  expected.sort((a, b) => (oidOf(a) < oidOf(b) ? -1 : 1));
  const index = encodePackIndex(table, randomBytes(20));
  expect(shown(index)).toEqual(expected);
});

test('an index of nothing says the same to git', () => {
  expect(shown(encodePackIndex(new PackTable(0), randomBytes(20)))).toEqual([]);
});
