import { expect, it } from 'vitest';
import { workTogether } from './workers.js';

it('loses no run and does none twice, whichever workers are killed', { timeout: 240_000 }, async () => {
  const result = await workTogether({
    repositories: 10,
    syncs: 60,
    seconds: 0,
    restarted: 120,
    leaseMs: 2_000,
  });
  expect(result).toMatchObject({ runs: 180, lost: 0, doubled: 0, failed: 0 });
  expect(result.takenOver).toBeGreaterThan(0);
});
