import { expect, it } from 'vitest';
import { restartAmidRuns } from './restarts.js';

it.each(['SIGTERM', 'SIGKILL'] as const)(
  'a server that is stopped by %s in the middle of runs ends each once when it is back',
  { timeout: 240_000 },
  async (signal) => {
    const result = await restartAmidRuns({ storage: 'pglite:', signal, runs: 30 });
    expect(result).toMatchObject({ runs: 30, lost: 0, doubled: 0, failed: 0 });
    expect(result.endedBefore).toBeLessThan(30);
  },
);
