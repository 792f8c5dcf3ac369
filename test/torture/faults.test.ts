import { expect, it } from 'vitest';
import { failEachWrite } from './faults.js';

it('leaves the old state or the new one, whichever write of a sync fails, and the next sync converges', {
  timeout: 240_000,
}, async () => {
  const counts = await failEachWrite(4);
  expect(Object.keys(counts)).toHaveLength(3);
  for (const { writes, ...found } of Object.values(counts)) {
    expect(writes).toBeGreaterThan(5);
    expect(found.old).toBeGreaterThan(1);
    expect(found.new).toBeGreaterThan(0);
    expect(found.old + found.new).toBe(writes);
  }
});
