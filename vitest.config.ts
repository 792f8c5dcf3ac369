import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    coverage: {
      provider: 'v8',
      include: ['bin/**/*.ts', 'src/**/*.ts', 'tasks/**/*.ts', 'schemas/**/*.ts'],
      // The process's own entry; test/bin/process.test.ts runs it as one.
      exclude: ['bin/flowgit.ts', 'test/**'],
      thresholds: { lines: 90 },
    },
  },
});
