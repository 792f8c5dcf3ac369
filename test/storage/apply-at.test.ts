import { describe, expect, it } from 'vitest';
import { createMemoryStorage } from '../../src/storage/index.js';
import { apply, everyFlow, flow, put } from '../../src/testing/storage-contract/case.js';

const key = (id: string) => flow('company.team', id);

describe('applyAt', () => {
  it('lets one of two win that were planned on the same version, though they touch different flows', async () => {
    const storage = createMemoryStorage();
    const at = { scope: everyFlow, version: (await storage.version?.(everyFlow)) ?? '' };
    const outcomes = await Promise.allSettled([
      storage.applyAt?.({ changes: [put(key('a'), 'A')] }, at),
      storage.applyAt?.({ changes: [put(key('b'), 'B')] }, at),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(await storage.list(everyFlow)).toHaveLength(1);
  });

  it('loses against a batch that lands while it is being called', async () => {
    const storage = createMemoryStorage();
    const at = { scope: everyFlow, version: (await storage.version?.(everyFlow)) ?? '' };
    const landing = apply(storage, put(key('a'), 'A'));
    const failure = storage.applyAt?.({ changes: [put(key('b'), 'B')] }, at);
    await expect(failure).rejects.toMatchObject({
      code: 'STORAGE_CONFLICT',
      message: 'memory: changed since it was read. Nothing was written.',
    });
    await landing;
  });

  it('tells the version that the batch led to', async () => {
    const storage = createMemoryStorage();
    const at = { scope: everyFlow, version: (await storage.version?.(everyFlow)) ?? '' };
    const landed = await storage.applyAt?.({ changes: [put(key('a'), 'A')] }, at);
    expect(landed?.version).toBe(await storage.version?.(everyFlow));
    expect(landed?.version).not.toBe(at.version);
  });
});
