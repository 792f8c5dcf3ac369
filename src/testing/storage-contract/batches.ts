import { strict as assert } from 'node:assert';
import {
  apply,
  assertCode,
  assertFails,
  everyFile,
  everyFlow,
  file,
  flow,
  idsOf,
  put,
  remove,
  type StorageContractCase,
  state,
  textAt,
} from './case.js';

const a = flow('company.team', 'a');
const b = flow('company.team', 'b');

export const batchCases: StorageContractCase[] = [
  {
    title: 'refuses a put over something where nothing is expected',
    async run({ storage }) {
      await apply(storage, put(a, 'one'));
      const error = await assertFails(apply(storage, put(a, 'two')), 'STORAGE_CONFLICT');
      assert.deepEqual(error.data.keys, [a]);
      assert.equal(error.retryable, true);
      assert.equal(await textAt(storage, a), 'one');
    },
  },
  {
    title: 'refuses a put or a deletion of another content than the expected one, and of what is absent',
    async run({ storage }) {
      await apply(storage, put(a, 'one'));
      await assertFails(apply(storage, put(a, 'two', 'other')), 'STORAGE_CONFLICT');
      await assertFails(apply(storage, put(a, 'one', 'other')), 'STORAGE_CONFLICT');
      await assertFails(apply(storage, remove(a, 'other')), 'STORAGE_CONFLICT');
      await assertFails(apply(storage, put(b, 'two', 'one')), 'STORAGE_CONFLICT');
      await assertFails(apply(storage, remove(b, 'one')), 'STORAGE_CONFLICT');
      await apply(storage, remove(a, 'one'));
      await assertFails(apply(storage, remove(a, 'one')), 'STORAGE_CONFLICT');
    },
  },
  {
    title: 'writes nothing of a batch with one bad expectation, wherever it stands, and names every bad key',
    async run({ storage }) {
      await apply(storage, put(a, 'A'), put(b, 'B'), put(file('f'), 'F'), put(state('sync'), 'S'));
      const before = await storage.list(everyFlow);
      const error = await assertFails(
        apply(
          storage,
          put(flow('company.team', 'new'), 'N'),
          put(a, 'A2', 'A'),
          put(b, 'B2', 'bad'),
          remove(file('f'), 'F'),
          put(state('sync'), 'S2', 'bad'),
        ),
        'STORAGE_CONFLICT',
      );
      assert.deepEqual(error.data.keys, [b, state('sync')]);
      assert.deepEqual(await storage.list(everyFlow), before);
      assert.equal(await textAt(storage, a), 'A');
      assert.equal(await textAt(storage, file('f')), 'F');
      assert.equal(await textAt(storage, state('sync')), 'S');
    },
  },
  {
    title: 'lands resources of every kind and a state record in one batch',
    async run({ storage }) {
      const dashboard = { kind: 'dashboard', namespace: '', id: 'd' } as const;
      await apply(storage, put(a, 'A'), put(file('f'), 'F'), put(dashboard, 'D'), put(state('sync'), 'S'));
      await apply(
        storage,
        remove(a, 'A'),
        put(file('f'), 'F2', 'F'),
        remove(dashboard, 'D'),
        put(state('sync'), 'S2', 'S'),
      );
      assert.deepEqual(await storage.list(everyFlow), []);
      assert.deepEqual(idsOf(await storage.list(everyFile)), ['company.team/f']);
      assert.equal(await textAt(storage, dashboard), null);
      assert.equal(await textAt(storage, state('sync')), 'S2');
    },
  },
  {
    title: 'takes an empty batch for what it is',
    async run({ storage }) {
      assert.deepEqual(await apply(storage), []);
    },
  },
  {
    title: 'refuses a batch that names a resource twice',
    async run({ storage }) {
      await assertFails(apply(storage, put(a, '1'), put(a, '2')), 'STORAGE_ERROR');
      assert.deepEqual(await storage.list(everyFlow), []);
    },
  },
  {
    title: 'lets one of several writers win when they expect the same state',
    async run({ storage, reopen }) {
      await apply(storage, put(a, 'start'));
      const other = (await reopen?.()) ?? storage;
      const outcomes = await Promise.allSettled(
        Array.from({ length: 6 }, (_, at) =>
          apply(at % 2 === 0 ? storage : other, put(a, `writer ${at}`, 'start')),
        ),
      );
      const lost = outcomes.filter((outcome) => outcome.status === 'rejected');
      assert.equal(lost.length, 5);
      for (const { reason } of lost) assertCode(reason, 'STORAGE_CONFLICT');
      const winner = outcomes.findIndex((outcome) => outcome.status === 'fulfilled');
      assert.equal(await textAt(storage, a), `writer ${winner}`);
      assert.equal((await other.list(everyFlow))[0]?.revision, 2);
      if (other !== storage) await other.close?.();
    },
  },
  {
    title: 'keeps the changes of writers that do not meet',
    async run({ storage }) {
      const ids = Array.from({ length: 10 }, (_, at) => `flow-${at}`);
      await Promise.all(ids.map((id) => apply(storage, put(flow('company.team', id), id))));
      assert.deepEqual(
        (await storage.list(everyFlow)).map(({ key }) => key.id),
        ids,
      );
    },
  },
];
