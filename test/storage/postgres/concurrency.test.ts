import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openStorage, type Scope, type StorageAdapter } from '../../../src/storage/index.js';
import {
  apply,
  everyFile,
  everyFlow,
  file,
  flow,
  put,
  remove,
  textAt,
} from '../../../src/testing/storage-contract/case.js';
import { usePostgresServer } from '../../support/postgres-server.js';

const server = usePostgresServer();
const scope: Scope = { kind: 'flow', namespace: 'company', children: true };

async function openTwice(): Promise<{
  first: StorageAdapter;
  second: StorageAdapter;
  close(): Promise<void>;
}> {
  const url = await server().createDatabase();
  const [first, second] = await Promise.all([openStorage(url), openStorage(url)]);
  return { first, second, close: async () => void (await Promise.all([first.close?.(), second.close?.()])) };
}

/** Repeats what reads and then writes until nobody was faster. */
async function untilFirst(change: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await change();
      return;
    } catch (error) {
      expect(error).toMatchObject({ code: 'STORAGE_CONFLICT' });
    }
  }
}

describe('several connections to one database', () => {
  it('lose nothing of each other, whatever they move between flows', async () => {
    const { first, second, close } = await openTwice();
    const accounts = ['a', 'b', 'c', 'd'].map((id, at) => flow(`company.t${at % 2}`, id));
    let round = 0;
    const move = fc.record({ from: fc.nat(3), to: fc.nat(3), amount: fc.integer({ min: 1, max: 9 }) });
    const plans = fc.array(fc.array(move, { maxLength: 4 }), { minLength: 2, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(plans, async (writers) => {
        round += 1;
        for (const key of accounts) {
          const now = await textAt(first, key);
          await apply(first, put(key, `100 of round ${round}`, now));
        }
        const expected = [100, 100, 100, 100];
        const transfer = (storage: StorageAdapter, from: number, to: number, amount: number) =>
          untilFirst(async () => {
            const keys = [accounts[from], accounts[to]].filter((key) => key !== undefined);
            const texts = await Promise.all(keys.map((key) => textAt(storage, key)));
            const after = texts.map((text, at) =>
              (text ?? '').replace(/^-?\d+/, (value) =>
                String(Number(value) + (at === 0 ? -amount : amount)),
              ),
            );
            await apply(storage, ...keys.map((key, at) => put(key, after[at] ?? '', texts[at] ?? null)));
          });
        await Promise.all(
          writers.map(async (moves, at) => {
            for (const { from, to, amount } of moves) {
              if (from === to) continue;
              expected[from] = (expected[from] ?? 0) - amount;
              expected[to] = (expected[to] ?? 0) + amount;
              await transfer(at % 2 === 0 ? first : second, from, to, amount);
            }
          }),
        );
        const texts = await Promise.all(accounts.map((key) => textAt(second, key)));
        expect(texts).toEqual(expected.map((value) => `${value} of round ${round}`));
      }),
      { numRuns: 8 },
    );
    await close();
  });

  it('hold what a batch expects to stay as it is until the batch is written', async () => {
    const { first, second, close } = await openTwice();
    const [a, b] = [flow('company.a', 'x'), flow('company.b', 'x')];
    for (let round = 0; round < 10; round += 1) {
      await apply(first, put(a, 'old', await textAt(first, a)), put(b, 'old', await textAt(first, b)));
      // Each changes one and keeps the other: in whatever order they run, the second finds its expectation broken.
      const outcomes = await Promise.allSettled([
        apply(first, put(a, 'new', 'old'), put(b, 'old', 'old')),
        apply(second, put(b, 'new', 'old'), put(a, 'old', 'old')),
      ]);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    }
    await close();
  });

  it('let nothing into a scope between the check of its version and the change', async () => {
    const { first, second, close } = await openTwice();
    for (let round = 0; round < 10; round += 1) {
      const version = (await first.version?.(scope)) ?? '';
      const outcomes = await Promise.allSettled([
        first.applyAt?.({ changes: [put(flow('company.a', `first-${round}`), 'x')] }, { scope, version }),
        second.applyAt?.({ changes: [put(flow(`company.b${round}`, 'x'), 'x')] }, { scope, version }),
      ]);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    }
    expect(await first.list(scope)).toHaveLength(10);
    const version = (await first.version?.(scope)) ?? '';
    const landing = apply(second, put(flow('company.new.deep', 'x'), 'x'));
    const at = await first
      .applyAt?.({ changes: [put(flow('company', 'last'), 'x')] }, { scope, version })
      .catch(() => null);
    await landing;
    // Either the other came first, and this one was refused; or the version it was told is followed by another.
    if (at !== null) expect(await first.version?.(scope)).not.toBe(at?.version);
    await close();
  });

  it('tell the version that a batch led to, and refuse an older one', async () => {
    const { first, second, close } = await openTwice();
    const version = (await first.version?.(scope)) ?? '';
    const landed = await first.applyAt?.({ changes: [put(flow('company', 'a'), 'A')] }, { scope, version });
    expect(landed?.version).toBe(await second.version?.(scope));
    const late = second.applyAt?.({ changes: [put(flow('company', 'b'), 'B')] }, { scope, version });
    await expect(late).rejects.toMatchObject({ code: 'STORAGE_CONFLICT' });
    expect(await second.applyAt?.({ changes: [] }, { scope, version: landed?.version ?? '' })).toEqual({
      applied: [],
      version: landed?.version,
    });
    await close();
  });

  it('never make one name a file and a directory', async () => {
    const { first, second, close } = await openTwice();
    for (let round = 0; round < 10; round += 1) {
      await Promise.allSettled([
        apply(first, put(file(`r${round}`), 'file')),
        apply(second, put(file(`r${round}/inside`), 'below')),
      ]);
    }
    const ids = (await first.list(everyFile)).map(({ key }) => key.id.split('/')[0]);
    expect(ids).toHaveLength(10);
    expect(new Set(ids).size).toBe(10);
    await close();
  });

  it('may write in more namespaces than the server has locks for', async () => {
    const { first, second, close } = await openTwice();
    const keys = Array.from({ length: 3000 }, (_, at) => flow(`company.n${at}`, 'x'));
    const [wide] = await Promise.all([
      apply(first, ...keys.map((key) => put(key, 'x'))),
      apply(second, put(flow('company.n7', 'other'), 'x')),
    ]);
    expect(wide).toHaveLength(3000);
    expect(await first.list(everyFlow)).toHaveLength(3001);
    await apply(second, ...keys.map((key) => remove(key, 'x')));
    expect(await first.list(everyFlow)).toHaveLength(1);
    await close();
  });
});
