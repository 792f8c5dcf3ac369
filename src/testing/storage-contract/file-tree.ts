import { strict as assert } from 'node:assert';
import { emptyBlobId } from '../../resources/blob-id.js';
import type { StorageAdapter } from '../../storage/types.js';
import {
  apply,
  assertFails,
  everyFile,
  file,
  put,
  remove,
  type StorageContractCase,
  textAt,
} from './case.js';

async function filesIn(storage: StorageAdapter): Promise<string[]> {
  return (await storage.list(everyFile)).map(({ key }) => key.id);
}

export const fileTreeCases: StorageContractCase[] = [
  {
    title: 'keeps an empty directory as an entry with a trailing slash',
    async run({ storage }) {
      const applied = await apply(storage, put(file('dir/sub/'), ''));
      assert.deepEqual(applied, [{ key: file('dir/sub/'), revision: 1, oid: emptyBlobId }]);
      assert.deepEqual(await storage.list(everyFile), [
        { key: file('dir/sub/'), oid: emptyBlobId, revision: 1, size: 0 },
      ]);
      assert.equal(await textAt(storage, file('dir/sub/')), '');
      assert.equal(await textAt(storage, file('dir/')), null);
      assert.equal(await textAt(storage, file('dir/sub')), null);
      const [gone] = await apply(storage, remove(file('dir/sub/'), ''));
      assert.deepEqual(gone, { key: file('dir/sub/'), revision: 2, oid: null });
      assert.deepEqual(await filesIn(storage), []);
    },
  },
  {
    title: "ends an empty directory's entry when something is put into it",
    async run({ storage }) {
      await apply(storage, put(file('dir/'), ''), put(file('other/'), ''));
      await apply(storage, put(file('dir/a'), 'A'), put(file('other/x/y'), 'Y'));
      assert.deepEqual(await filesIn(storage), ['dir/a', 'other/x/y']);
      assert.equal(await textAt(storage, file('dir/')), null);
      await assertFails(apply(storage, remove(file('dir/'), '')), 'STORAGE_CONFLICT');
      const [, again] = await apply(storage, remove(file('dir/a'), 'A'), put(file('dir/'), ''));
      assert.equal(again?.revision, 3);
      assert.deepEqual(await filesIn(storage), ['dir/', 'other/x/y']);
    },
  },
  {
    title: 'leaves no directory behind when its last file goes, unless the batch puts its entry',
    async run({ storage }) {
      await apply(storage, put(file('a/b/c'), 'C'), put(file('a/d'), 'D'), put(file('x/y'), 'Y'));
      await apply(storage, remove(file('a/b/c'), 'C'), remove(file('x/y'), 'Y'), put(file('x/'), ''));
      assert.deepEqual(await filesIn(storage), ['a/d', 'x/']);
      await apply(storage, remove(file('a/d'), 'D'), remove(file('x/'), ''));
      assert.deepEqual(await filesIn(storage), []);
    },
  },
  {
    title: 'turns a file into a directory and back in one batch',
    async run({ storage }) {
      await apply(storage, put(file('a'), 'file'), put(file('keep'), 'keep'));
      await apply(storage, put(file('a/b/c'), 'C'), remove(file('a'), 'file'));
      assert.deepEqual(await filesIn(storage), ['a/b/c', 'keep']);
      await apply(storage, put(file('a'), 'file again'), remove(file('a/b/c'), 'C'));
      assert.deepEqual(await filesIn(storage), ['a', 'keep']);
      assert.equal(await textAt(storage, file('a')), 'file again');
      await apply(storage, put(file('a/'), ''), remove(file('a'), 'file again'));
      assert.deepEqual(await filesIn(storage), ['a/', 'keep']);
      await apply(storage, remove(file('a/'), ''), put(file('a'), 'file'));
      assert.deepEqual(await filesIn(storage), ['a', 'keep']);
    },
  },
  {
    title: 'refuses a name for a file and a directory at once',
    async run({ storage }) {
      await apply(storage, put(file('f'), 'F'), put(file('d/x'), 'X'), put(file('e/'), ''));
      const before = await storage.list(everyFile);
      const clashing = [
        [put(file('f/inside'), 'I')],
        [put(file('d'), 'D')],
        [put(file('d/'), '')],
        [put(file('e'), 'E')],
        [put(file('new'), 'N'), put(file('new/inside'), 'I')],
        [put(file('new/'), ''), put(file('new/inside'), 'I')],
        [put(file('new'), 'N'), put(file('new/'), '')],
        [put(file('e'), 'E'), put(file('other'), 'O')],
      ];
      for (const changes of clashing) await assertFails(apply(storage, ...changes), 'STORAGE_CONFLICT');
      assert.deepEqual(await storage.list(everyFile), before);
    },
  },
];
