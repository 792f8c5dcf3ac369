import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/property-seed.ts'],
    // Much of a test's time is spent in waiting for servers and processes that it started.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 60_000,
    hookTimeout: 60_000,
    coverage: {
      provider: 'v8',
      include: ['bin/**/*.ts', 'src/**/*.ts', 'tasks/**/*.ts', 'schemas/**/*.ts'],
      // The process's own entry, which test/bin/process.test.ts runs as one; and AssemblyScript, which runs as wasm.
      exclude: ['bin/flowgit.ts', '**/assembly/**', 'test/**'],
      thresholds: { lines: 90 },
    },
  },
});
