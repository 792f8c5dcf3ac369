import { strict as assert } from 'node:assert';
import { blobId } from '../../resources/blob-id.js';
import {
  apply,
  bytes,
  everyFlow,
  file,
  flow,
  put,
  remove,
  type StorageContractCase,
  state,
  textAt,
} from './case.js';

const key = flow('company.team', 'a');

export const revisionCases: StorageContractCase[] = [
  {
    title: 'counts a revision for every real change, deletion included, and continues after it',
    async run({ storage }) {
      const made = [
        await apply(storage, put(key, 'one')),
        await apply(storage, put(key, 'two', 'one')),
        await apply(storage, remove(key, 'two')),
        await apply(storage, put(key, 'three')),
        await apply(storage, put(key, 'one', 'three')),
      ];
      assert.deepEqual(made.flat(), [
        { key, revision: 1, oid: blobId(bytes('one')) },
        { key, revision: 2, oid: blobId(bytes('two')) },
        { key, revision: 3, oid: null },
        { key, revision: 4, oid: blobId(bytes('three')) },
        { key, revision: 5, oid: blobId(bytes('one')) },
      ]);
      assert.equal((await storage.list(everyFlow))[0]?.revision, 5);
      assert.equal((await storage.read([key]))[0]?.revision, 5);
    },
  },
  {
    title: 'keeps the revision when a put brings the content that is already there',
    async run({ storage }) {
      await apply(storage, put(key, 'same'), put(file('a'), 'same'));
      const applied = await apply(storage, put(key, 'same', 'same'), put(file('a'), 'other', 'same'));
      assert.deepEqual(applied, [
        { key, revision: 1, oid: blobId(bytes('same')) },
        { key: file('a'), revision: 2, oid: blobId(bytes('other')) },
      ]);
    },
  },
  {
    title: 'tells what became of each change, in the order of the batch',
    async run({ storage }) {
      await apply(storage, put(flow('company.team', 'b'), 'B'), put(file('z'), 'Z'));
      const applied = await apply(
        storage,
        remove(file('z'), 'Z'),
        put(state('sync'), 'record'),
        put(flow('company.team', 'b'), 'B2', 'B'),
        put(flow('company.team', 'a'), 'A'),
      );
      assert.deepEqual(
        applied.map((change) => [change.key.kind, change.key.id, change.revision, change.oid === null]),
        [
          ['file', 'z', 2, true],
          ['state', 'sync', 1, false],
          ['flow', 'b', 2, false],
          ['flow', 'a', 1, false],
        ],
      );
    },
  },
  {
    title: 'counts each resource for itself',
    async run({ storage }) {
      await apply(storage, put(flow('company.team', 'a'), '1'), put(flow('company.team2', 'a'), '1'));
      await apply(storage, put(flow('company.team', 'a'), '2', '1'));
      assert.deepEqual(
        (await storage.list(everyFlow)).map(({ revision }) => revision),
        [2, 1],
      );
    },
  },
  {
    title: 'keeps contents, revisions and the count of deleted resources when reopened',
    async run({ storage, reopen }) {
      if (reopen === undefined) return;
      await apply(
        storage,
        put(key, 'one'),
        put(flow('company.team', 'gone'), 'x'),
        put(state('sync'), 'record'),
      );
      await apply(storage, put(key, 'two', 'one'), remove(flow('company.team', 'gone'), 'x'));
      const before = await storage.list(everyFlow);
      const token = await storage.version?.(everyFlow);
      await storage.close?.();
      const again = await reopen();
      assert.deepEqual(await again.list(everyFlow), before);
      assert.equal(await again.version?.(everyFlow), token);
      assert.equal(await textAt(again, key), 'two');
      assert.equal(await textAt(again, state('sync')), 'record');
      const [recreated] = await apply(again, put(flow('company.team', 'gone'), 'x'));
      assert.equal(recreated?.revision, 3);
      await again.close?.();
    },
  },
  {
    title: 'can be closed twice',
    async run({ storage }) {
      await storage.close?.();
      await storage.close?.();
    },
  },
];
