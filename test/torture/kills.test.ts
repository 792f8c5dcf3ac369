import { expect, it } from 'vitest';
import { strikeSyncs } from './kills.js';

const kills = 20;

it('leaves the old state or the new one, whenever kill -9 strikes a sync of 250 flows, and the next one converges', {
  timeout: 240_000,
}, async () => {
  const counts = await strikeSyncs(kills);
  expect(counts['memory:']).toEqual({ kills: 2, empty: 2, old: 0, new: 0 });
  const { empty = 0, old = 0, new: done = 0 } = counts['file:'] ?? {};
  expect(empty + old + done).toBe(kills);
  expect(old).toBeGreaterThan(0);
});
