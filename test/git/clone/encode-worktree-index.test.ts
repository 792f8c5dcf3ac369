import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type IndexEntry, WorktreeIndex } from '../../../src/git/clone/encode-worktree-index.js';
import { StatRecords } from '../../../src/git/clone/stat-record.js';

/** Names that sort before, between and behind a slash. */
const name = fc.string({ unit: fc.constantFrom('a', 'b', '-', '.', '0', 'é'), minLength: 1, maxLength: 3 });
const paths = fc.uniqueArray(fc.array(name, { minLength: 1, maxLength: 4 }), {
  selector: (parts) => parts.join('/'),
  maxLength: 40,
});

function entryOf(path: string): IndexEntry {
  return { path, oid: createHash('sha1').update(path, 'latin1').digest('hex'), mode: '100644' };
}

/** Path and id of each line, as gitformat-index(5) has them. */
function linesOf(index: Buffer): [path: string, oid: string][] {
  const lines: [string, string][] = [];
  let at = 12;
  for (let left = index.readUInt32BE(8); left > 0; left--) {
    const length = index.readUInt16BE(at + 60);
    lines.push([
      index.toString('latin1', at + 62, at + 62 + length),
      index.toString('hex', at + 40, at + 60),
    ]);
    at += (62 + length + 8) & ~7;
  }
  expect(at).toBe(index.length - 20);
  return lines;
}

it('lists files in the order of their bytes, tree by tree or mixed as they come', () => {
  fc.assert(
    fc.property(paths, fc.boolean(), (given, byTree) => {
      const latin1 = given.map((parts) => Buffer.from(parts.join('/')).toString('latin1'));
      const directoryOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1);
      const keys = (path: string): [string, string] => [directoryOf(path), path];
      const listed = byTree ? [...latin1].sort((a, b) => (keys(a) < keys(b) ? -1 : 1)) : latin1;

      const lines = linesOf(new WorktreeIndex(listed.map(entryOf)).encode(new StatRecords()));

      const sorted = [...latin1].sort((a, b) =>
        Buffer.compare(Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1')),
      );
      expect(lines).toEqual(sorted.map((path) => [path, entryOf(path).oid]));
    }),
  );
});
