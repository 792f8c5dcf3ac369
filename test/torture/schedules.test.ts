import { expect, it } from 'vitest';
import { syncBySchedules } from './schedules.js';

it('runs every due time once, also when a worker is killed while it writes', {
  timeout: 240_000,
}, async () => {
  const result = await syncBySchedules({
    flows: 30,
    repositories: 5,
    everySeconds: 15,
    times: 1,
    jitterSeconds: 2,
    workers: 2,
    isBuilt: false,
  });
  expect(result).toMatchObject({ runs: 30, lost: 0, doubled: 0, failed: 0, killedInApply: 1 });
  expect(result.takenOver).toBeGreaterThan(0);
});
