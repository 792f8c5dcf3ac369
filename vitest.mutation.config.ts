import { defineConfig } from 'vitest/config';

/** The tests that exercise the planning room: what the mutation run repeats for every mutant. */
export default defineConfig({
  test: { include: ['test/{plan,tasks}/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 },
});
