import { defineConfig } from 'vitest/config';

/** The pure tests of the planning room: what the mutation run repeats for every mutant. */
export default defineConfig({ test: { include: ['test/plan/**/*.test.ts'] } });
