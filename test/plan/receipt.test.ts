import { describe, expect, it } from 'vitest';
import {
  type Agreement,
  findReceipt,
  leaveReceipt,
  removeReceipt,
  writeReceipt,
} from '../../src/plan/receipt.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import { formatKey, type StorageAdapter } from '../../src/storage/types.js';
import { bytesOf, failure, flow, flowKey, oidOf, store } from './doubles.js';

const agreement: Agreement = {
  id: 'sync-flow-team-000000000000',
  commit: 'c1',
  scope: { kind: 'flow', namespace: 'team', children: true },
  choices: { delete: true, running: ['system', 'sync'] },
};
const expected = new Map([[formatKey(flowKey('a')), oidOf(flow('a'))]]);
const receipt = { unchanged: 1, ignoring: false, rows: Buffer.from('{"gitPath":"a.yml"}\n') };

async function storageWithA(): Promise<StorageAdapter> {
  const storage = createMemoryStorage();
  await store(storage, [[flowKey('a'), flow('a')]]);
  return storage;
}

describe('a receipt', () => {
  it('is found as long as the storage is as it was', async () => {
    const storage = await storageWithA();
    expect(await findReceipt(storage, agreement)).toBeNull();
    await leaveReceipt(storage, agreement, expected, receipt);
    const found = await findReceipt(storage, agreement);
    expect({ ...found, rows: Buffer.concat([...(found?.rows.pieces() ?? [])]) }).toEqual({
      commit: 'c1',
      version: await storage.version?.(agreement.scope),
      choices: JSON.stringify(agreement.choices),
      listed: 1,
      oid: expect.any(String),
      state: null,
      ...receipt,
    });
    await storage.apply({
      changes: [
        { action: 'put', key: flowKey('b', 'team.x'), content: bytesOf(flow('b')), expectedOid: null },
      ],
    });
    expect(await findReceipt(storage, agreement)).toBeNull();
  });

  it('holds whatever happens elsewhere, and tells of an older commit', async () => {
    const storage = await storageWithA();
    await leaveReceipt(storage, agreement, expected, receipt);
    await storage.apply({
      changes: [
        { action: 'put', key: flowKey('b', 'team2'), content: bytesOf(flow('b')), expectedOid: null },
      ],
    });
    expect(await findReceipt(storage, { ...agreement, commit: 'c2' })).toMatchObject({
      commit: 'c1',
      unchanged: 1,
    });
  });

  it('is not found for other choices or another sync', async () => {
    const storage = await storageWithA();
    await leaveReceipt(storage, agreement, expected, receipt);
    expect(await findReceipt(storage, { ...agreement, choices: { delete: false } })).toBeNull();
    expect(await findReceipt(storage, { ...agreement, id: 'sync-flow-team-111111111111' })).toBeNull();
  });

  it.each([
    ['has more than was expected', new Map()],
    ['has another content', new Map([[formatKey(flowKey('a')), 'other']])],
    ['has another flow', new Map([[formatKey(flowKey('b')), oidOf(flow('a'))]])],
    ['has less than was expected', new Map([...expected, ['flow team/b', '1']])],
  ])('is not left when the storage %s', async (_, wrong) => {
    const storage = await storageWithA();
    await leaveReceipt(storage, agreement, wrong, receipt);
    expect(await findReceipt(storage, agreement)).toBeNull();
  });

  it('is not left when one of several contents is another', async () => {
    const storage = createMemoryStorage();
    await store(storage, [
      [flowKey('a'), flow('a')],
      [flowKey('b'), flow('b')],
    ]);
    await leaveReceipt(
      storage,
      agreement,
      new Map([...expected, [formatKey(flowKey('b')), 'other']]),
      receipt,
    );
    expect(await findReceipt(storage, agreement)).toBeNull();
  });

  it('takes the place of the one before', async () => {
    const storage = await storageWithA();
    await leaveReceipt(storage, agreement, expected, receipt);
    await leaveReceipt(storage, { ...agreement, commit: 'c2' }, expected, { ...receipt, ignoring: true });
    expect(await findReceipt(storage, agreement)).toMatchObject({ commit: 'c2', ignoring: true });
    expect(await storage.list({ kind: 'state', namespace: '', children: false })).toHaveLength(1);
  });

  it('is neither left nor looked for in a storage without versions', async () => {
    const { version: _, ...storage } = await storageWithA();
    await leaveReceipt(storage, agreement, expected, receipt);
    expect(await storage.list({ kind: 'state', namespace: '', children: false })).toEqual([]);
    const full = await storageWithA();
    await leaveReceipt(full, agreement, expected, receipt);
    const { version: __, ...blind } = full;
    expect(await findReceipt(blind, agreement)).toBeNull();
  });

  it('that cannot be understood is none', async () => {
    const storage = await storageWithA();
    const key = { kind: 'state' as const, namespace: '', id: `${agreement.id}.receipt` };
    const [present = null] = await storage.read([key]);
    for (const [index, content] of ['', 'no JSON\n', '{}\n', '{"commit":"c1"}\n'].entries()) {
      const [now = null] = await storage.read([key]);
      const expectedOid = index === 0 ? (present?.oid ?? null) : (now?.oid ?? null);
      await storage.apply({ changes: [{ action: 'put', key, content: bytesOf(content), expectedOid }] });
      expect(await findReceipt(storage, agreement)).toBeNull();
    }
  });

  it('with many rows has them in pages, and is left anew when one of them is gone', async () => {
    const storage = await storageWithA();
    const rows = Buffer.from(
      Array.from(
        { length: 2000 },
        (_, index) => `{"gitPath":"${10_000 + index}.yml","more":"${'x'.repeat(60)}"}\n`,
      ).join(''),
    );
    const textOf = async () => {
      const found = await findReceipt(storage, agreement);
      const isWhole = await found?.rows.read();
      return isWhole === true ? Buffer.concat([...(found?.rows.pieces() ?? [])]).toString() : null;
    };
    await leaveReceipt(storage, agreement, expected, { ...receipt, rows });
    expect(await textOf()).toBe(rows.toString());
    const pages = await storage.list({ kind: 'state', namespace: 'flowgit.pages', children: false });
    expect(pages.length).toBeGreaterThan(3);
    await storage.apply({
      changes: pages.slice(1, 2).map(({ key, oid }) => ({ action: 'delete', key, expectedOid: oid })),
    });
    expect(await textOf()).toBeNull();
    const later = Buffer.from(rows.toString().replaceAll('xx', 'yz'));
    await leaveReceipt(storage, agreement, expected, { ...receipt, rows: later });
    expect(await textOf()).toBe(later.toString());
    await storage.apply({ changes: await removeReceipt(storage, agreement.id) });
    expect(await storage.list({ kind: 'state', namespace: '', children: true })).toEqual([]);
  });

  it('that somebody else writes at the same time is a conflict for the caller', async () => {
    const storage = await storageWithA();
    const racing: StorageAdapter = {
      ...storage,
      async read(keys) {
        const before = await storage.read(keys);
        await writeReceipt(storage, agreement, { ...receipt, version: '1', listed: 1 });
        return before;
      },
    };
    expect(
      await failure(writeReceipt(racing, agreement, { ...receipt, version: '2', listed: 1 })),
    ).toMatchObject({
      code: 'STORAGE_CONFLICT',
    });
  });
});
