import { strict as assert } from 'node:assert';
import { blobId } from '../../resources/blob-id.js';
import { apply, assertFails, bytes, flow, put, remove, type StorageContractCase, state } from './case.js';

const key = flow('company.team', 'a');

/** For storages that keep what resources held before. */
export const historyCases: StorageContractCase[] = [
  {
    title: 'tells every revision of a resource, newest first, deletions included, and what each held',
    async run({ storage }) {
      if (storage.history === undefined || storage.readRevision === undefined) return;
      const before = Date.now();
      await apply(storage, put(key, 'one'), put(flow('company.team', 'b'), 'other'));
      await apply(storage, put(key, 'two!', 'one'));
      await apply(storage, put(key, 'two!', 'two!'));
      await apply(storage, remove(key, 'two!'));
      await apply(storage, put(key, 'one'));
      const history = await storage.history(key);
      assert.deepEqual(
        history.map(({ revision, oid, size }) => [revision, oid, size]),
        [
          [4, blobId(bytes('one')), 3],
          [3, null, null],
          [2, blobId(bytes('two!')), 4],
          [1, blobId(bytes('one')), 3],
        ],
      );
      // Clocks of two machines may differ a little.
      for (const { madeAt } of history) assert.ok(Math.abs(madeAt.getTime() - before) < 3_600_000);
      const held: (string | null)[] = [];
      for (const revision of [0, 1, 2, 3, 4, 5]) {
        const stored = await storage.readRevision(key, revision);
        assert.equal(stored === null ? revision : stored.revision, revision);
        held.push(stored === null ? null : new TextDecoder().decode(stored.content));
      }
      assert.deepEqual(held, [null, 'one', 'two!', null, 'one', null]);
    },
  },
  {
    title: 'has no history of what was never there, nor of state records',
    async run({ storage }) {
      if (storage.history === undefined || storage.readRevision === undefined) return;
      await apply(storage, put(state('sync'), 'record'));
      assert.deepEqual(await storage.history(state('sync')), []);
      assert.deepEqual(await storage.history(key), []);
      assert.equal(await storage.readRevision(key, 1), null);
      await assertFails(storage.history(flow('company.team', '../x')), 'UNSAFE_PATH');
    },
  },
];
