import { describe, expect, it } from 'vitest';
import { readSyncState } from '../../src/plan/read-sync-state.js';
import { recordSyncState } from '../../src/plan/record-sync-state.js';
import { listSyncRecords, readCounterpart } from '../../src/plan/sync-records.js';
import type { SyncIdentity } from '../../src/plan/sync-state.js';
import { createMemoryStorage } from '../../src/storage/memory.js';

const identityOf = (direction: SyncIdentity['direction'], namespace: string): SyncIdentity => ({
  direction,
  kind: 'flow',
  url: 'https://host/flows.git',
  revision: 'main',
  directory: '_flows',
  namespace,
  gitNamespace: namespace,
  children: false,
  rewrite: '',
});

/** A storage with the record of a sync of each namespace, with one flow. */
async function storageWith(...namespaces: string[]) {
  const storage = createMemoryStorage();
  for (const namespace of namespaces) {
    const identity = identityOf('SYNC', namespace);
    const state = await readSyncState(storage, identity);
    const key = { kind: 'flow' as const, namespace, id: 'a' };
    const row = { gitPath: `_flows/${namespace}.yml`, key, gitOid: '1', storedOid: '2' };
    await storage.apply({ changes: await recordSyncState(state, identity, 'c'.repeat(40), [row]) });
  }
  return storage;
}

describe('what the other direction last saw', () => {
  it.each(['company.team', 'all', ''])('is found for the namespace %j, and no other', async (namespace) => {
    const storage = await storageWith('company.team', 'all', '', 'company');
    const read: string[] = [];
    const seen = await readCounterpart(storage, identityOf('PUSH', namespace), ({ id }) => read.push(id));
    expect([...seen.values()].flat().map(({ gitPath }) => gitPath)).toEqual([`_flows/${namespace}.yml`]);
    expect(read).toHaveLength(1);
  });

  it('is nothing of another branch', async () => {
    const storage = await storageWith('company.team');
    const other = { ...identityOf('PUSH', 'company.team'), revision: 'next' };
    expect(await readCounterpart(storage, other)).toEqual(new Map());
    expect(await listSyncRecords(storage)).toHaveLength(1);
  });
});
