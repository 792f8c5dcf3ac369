import { expect, it } from 'vitest';
import { createMemoryStorage } from '../../src/storage/index.js';
import { apply, file, flow, put, remove } from '../../src/testing/storage-contract/case.js';
import { failingMemory } from '../torture/failing-memory.js';
import { everythingIn } from '../torture/world.js';

it('is as before when memory runs out at any write of a batch, and takes the batch again', async () => {
  const batch = [
    put(flow('company', 'a'), 'A', null),
    put(flow('company.team', 'b'), 'B', null),
    put(file('kept/empty/now.txt'), 'no longer empty', null),
    put(file('deep/er/one.txt'), 'one', null),
  ];
  const fresh = async () => {
    const storage = createMemoryStorage();
    await apply(storage, put(file('kept/empty/'), ''), put(flow('company', 'z'), 'Z'));
    return storage;
  };
  const whole = await fresh();
  const before = await everythingIn(whole);
  await apply(whole, ...batch);
  const after = await everythingIn(whole);

  for (let at = 1; ; at++) {
    const { storage, writes } = failingMemory(await fresh(), at);
    const failed = await apply(storage, ...batch).catch((error: unknown) => error);
    if (writes() < at) break;
    expect(failed, `write ${at}`).toBeInstanceOf(RangeError);
    expect(await everythingIn(storage), `write ${at}`).toBe(before);
    // Where directories stand is known as well as before.
    await expect(apply(storage, put(file('kept'), 'in the way'))).rejects.toThrow();
    await apply(storage, put(file('deep'), 'not in the way'));
    await apply(storage, remove(file('deep'), 'not in the way'));
    await apply(storage, ...batch);
    expect(await everythingIn(storage, { revisions: false }), `write ${at}`).toBe(
      await everythingIn(whole, { revisions: false }),
    );
    expect(at).toBeLessThan(100);
  }
  expect(after).not.toBe(before);
});
