import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DirectoryCounts } from '../../src/storage/directory-counts.js';
import { ancestorsOf, judgeAdded, judgeTree } from '../../src/storage/file-tree.js';

/** Few names, so that ids stand in each other's directories, and some that begin like another. */
const id = fc
  .tuple(
    fc.array(fc.constantFrom('a', 'ab', 'a.b', 'b'), { minLength: 1, maxLength: 4 }),
    fc.constantFrom('', '', '/'),
  )
  .map(([names, end]) => names.join('/') + end);

function countsOf(ids: Iterable<string>): DirectoryCounts {
  const counts = new DirectoryCounts();
  for (const one of ids) counts.add(one);
  return counts;
}

it('knows the directories of all ids that came and did not go, in whatever order they do', () => {
  fc.assert(
    fc.property(fc.uniqueArray(id), fc.array(fc.nat()), (ids, removals) => {
      const counts = countsOf(ids);
      const left = new Set(ids);
      for (const removal of removals) {
        const one = [...left][removal % Math.max(left.size, 1)];
        if (one === undefined) break;
        left.delete(one);
        counts.remove(one);
        // What comes next may stand in a directory that just went.
        if (removal % 2 === 0) {
          left.add(one);
          counts.add(one);
        }
      }
      const expected = new Set([...left].flatMap(ancestorsOf));
      for (const path of ids.flatMap(ancestorsOf)) expect(counts.has(path), path).toBe(expected.has(path));
      expect(counts.hasEntries).toBe([...left].some((one) => one.endsWith('/')));
    }),
  );
});

it('judges what is new by the directories that are known as by all ids', () => {
  fc.assert(
    fc.property(fc.uniqueArray(id), fc.uniqueArray(id), (present, news) => {
      const ids = new Map([...present, ...news].map((one) => [one, true]));
      const added = new Set(news);
      const directories = countsOf(ids.keys());
      const { hasEntries } = directories;
      const tree = {
        has: (one: string) => ids.has(one),
        hasDirectory: (path: string) => directories.has(path),
      };
      const verdict = judgeAdded({ ...tree, hasEntries }, added);
      expect(verdict).toEqual(judgeTree(ids, added));
      const clashes = (one: string): boolean => {
        const bare = one.endsWith('/') ? one.slice(0, -1) : one;
        const isTaken = ids.has(one === bare ? `${bare}/` : bare);
        const isInhabited = [...ids.keys()].some((other) => ancestorsOf(other).includes(bare));
        const isInside = ancestorsOf(one).some((path) => ids.has(path) || added.has(`${path}/`));
        return isTaken || isInhabited || isInside;
      };
      expect(new Set(verdict.clashes)).toEqual(new Set(news.filter(clashes)));
    }),
  );
});
