import { strict as assert } from 'node:assert';
import { blobId } from '../../resources/blob-id.js';
import type { StorageAdapter } from '../../storage/types.js';
import {
  apply,
  assertFails,
  bytes,
  everyFlow,
  file,
  flow,
  idsOf,
  put,
  remove,
  type StorageContractCase,
  state,
} from './case.js';

async function listFlows(storage: StorageAdapter, namespace: string, children: boolean): Promise<string[]> {
  return idsOf(await storage.list({ kind: 'flow', namespace, children }));
}

export const listingCases: StorageContractCase[] = [
  {
    title: 'lists nothing when it is new',
    async run({ storage }) {
      assert.deepEqual(await storage.list(everyFlow), []);
      assert.deepEqual(await storage.list({ kind: 'dashboard', namespace: '', children: true }), []);
    },
  },
  {
    title: 'lists key, blob id, revision and size, sorted by namespace and then id, by code unit',
    async run({ storage }) {
      await apply(
        storage,
        put(flow('company.team', 'b'), 'id: b\n'),
        put(flow('company', 'z'), 'id: z\n'),
        put(flow('company.team', 'a-b'), 'id: a-b\n'),
        put(flow('company.team', 'Z'), 'id: Z\n'),
        put(flow('company.team', 'a'), 'id: a\n'),
        put(flow('company-x', 'a'), 'id: a\n'),
      );
      const entries = await storage.list(everyFlow);
      assert.deepEqual(idsOf(entries), [
        'company/z',
        'company-x/a',
        'company.team/Z',
        'company.team/a',
        'company.team/a-b',
        'company.team/b',
      ]);
      const key = flow('company', 'z');
      assert.deepEqual(entries[0], { key, oid: blobId(bytes('id: z\n')), revision: 1, size: 6 });
    },
  },
  {
    title: 'keeps a scope to whole parts of a namespace: company.team never reaches company.team2',
    async run({ storage }) {
      const namespaces = [
        'company',
        'company.team',
        'company.team.a',
        'company.team.a.b',
        'company.team2',
        'company.teams.a',
      ];
      await apply(storage, ...namespaces.map((namespace) => put(flow(namespace, 'x'), 'id: x\n')));
      assert.deepEqual(await listFlows(storage, 'company.team', false), ['company.team/x']);
      assert.deepEqual(await listFlows(storage, 'company.team', true), [
        'company.team/x',
        'company.team.a/x',
        'company.team.a.b/x',
      ]);
      assert.deepEqual(
        await listFlows(storage, '', true),
        namespaces.map((namespace) => `${namespace}/x`).sort(byNamespace),
      );
      assert.deepEqual(await listFlows(storage, '', false), []);
      assert.deepEqual(await listFlows(storage, 'company.tea', true), []);
    },
  },
  {
    title: 'keeps kinds apart',
    async run({ storage }) {
      await apply(
        storage,
        put(flow('company.team', 'same'), 'flow'),
        put(file('same'), 'file'),
        put({ kind: 'dashboard', namespace: '', id: 'same' }, 'dashboard'),
        put(state('same', 'company.team'), 'state'),
      );
      for (const kind of ['flow', 'file', 'state'] as const) {
        const entries = await storage.list({ kind, namespace: 'company.team', children: false });
        assert.deepEqual(idsOf(entries), ['company.team/same']);
        assert.equal(entries[0]?.oid, blobId(bytes(kind)));
      }
      assert.deepEqual(idsOf(await storage.list({ kind: 'dashboard', namespace: '', children: false })), [
        'same',
      ]);
    },
  },
  {
    title: 'lists 2,000 entries, and all of them changed in one batch',
    async run({ storage }) {
      const ids = Array.from({ length: 2000 }, (_, at) => `flow-${String(at).padStart(4, '0')}`);
      await apply(storage, ...ids.map((id) => put(flow('company.team', id), `id: ${id}\n`)));
      await apply(
        storage,
        ...ids.map((id) => put(flow('company.team', id), `id: ${id}\nv: 2\n`, `id: ${id}\n`)),
      );
      const entries = await storage.list(everyFlow);
      assert.deepEqual(
        entries.map(({ key }) => key.id),
        ids,
      );
      assert.ok(entries.every(({ revision }) => revision === 2));
    },
  },
  {
    title: 'gives listings away: changing one changes nothing',
    async run({ storage }) {
      await apply(storage, put(flow('company.team', 'a'), 'id: a\n'));
      const [entry] = await storage.list(everyFlow);
      assert.ok(entry !== undefined);
      entry.revision = 99;
      entry.key.id = 'other';
      assert.deepEqual(idsOf(await storage.list(everyFlow)), ['company.team/a']);
      assert.equal((await storage.list(everyFlow))[0]?.revision, 1);
    },
  },
  {
    title: 'changes a version token with every change in the scope, and only then',
    async run({ storage }) {
      if (storage.version === undefined) return;
      const scope = { kind: 'flow', namespace: 'company.team', children: true } as const;
      const empty = await storage.version(scope);
      await apply(storage, put(flow('company.team', 'a'), 'id: a\n'));
      const first = await storage.version(scope);
      assert.notEqual(first, empty);
      await apply(storage, put(flow('company.team2', 'a'), 'id: a\n'), put(file('a'), 'a'));
      await apply(storage, put(flow('company.team', 'a'), 'id: a\n', 'id: a\n'));
      assert.equal(await storage.version(scope), first);
      await apply(storage, put(flow('company.team.x', 'a'), 'id: a\n'));
      const second = await storage.version(scope);
      assert.notEqual(second, first);
      await apply(storage, remove(flow('company.team.x', 'a'), 'id: a\n'));
      const third = await storage.version(scope);
      assert.notEqual(third, second);
      assert.equal(await storage.version(scope), third);
    },
  },
  {
    title: 'stops at an aborted signal with CANCELLED, and writes nothing',
    async run({ storage }) {
      const options = { signal: AbortSignal.abort() };
      const batch = { changes: [put(flow('company.team', 'a'), 'id: a\n')] };
      await assertFails(storage.list(everyFlow, options), 'CANCELLED');
      await assertFails(storage.read([flow('company.team', 'a')], options), 'CANCELLED');
      await assertFails(storage.apply(batch, options), 'CANCELLED');
      assert.deepEqual(await storage.list(everyFlow), []);
    },
  },
];

function byNamespace(a: string, b: string): number {
  const [left = '', right = ''] = [a.split('/')[0], b.split('/')[0]];
  return left < right ? -1 : left > right ? 1 : 0;
}
