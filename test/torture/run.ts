// npm run torture -- contention: the large versions of what the tests show in small. Counts are printed.
import { contend } from './contention.js';
import { failEachWrite } from './faults.js';
import { strikeSyncs } from './kills.js';
import { sendHostileRequests } from './requests.js';
import { restartAmidRuns } from './restarts.js';
import { syncBySchedules } from './schedules.js';
import { workTogether } from './workers.js';

const [trial = '', ...numbers] = process.argv.slice(2);
const counts = numbers.map(Number);

const trials: Readonly<Record<string, () => Promise<object>>> = {
  contention: () => contend(counts[0] ?? 20, counts[1] ?? 10),
  faults: () => failEachWrite(counts[0] ?? 40),
  kills: () => strikeSyncs(counts[0] ?? 200),
  requests: () => sendHostileRequests(counts[0] ?? 10_000),
  restarts: async () => {
    const results: Record<string, object> = {};
    for (const storage of ['pglite:', 'postgres://'] as const) {
      for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
        results[`${storage} ${signal}`] = await restartAmidRuns({ storage, signal, runs: counts[0] ?? 100 });
      }
    }
    return results;
  },
  schedules: () =>
    syncBySchedules({
      flows: counts[0] ?? 1000,
      repositories: 100,
      everySeconds: 60,
      times: counts[1] ?? 2,
      jitterSeconds: 20,
      workers: 3,
      isBuilt: true,
    }),
  workers: () =>
    workTogether({
      repositories: 100,
      syncs: counts[0] ?? 1000,
      seconds: counts[1] ?? 30,
      restarted: 100,
      leaseMs: 15_000,
    }),
};

const run = trials[trial];
if (run === undefined) {
  console.error(`Usage: npm run torture -- ${Object.keys(trials).join('|')} [COUNT…]`);
  process.exitCode = 1;
} else {
  const began = performance.now();
  const result = await run();
  const seconds = Number(((performance.now() - began) / 1000).toFixed(1));
  console.log(JSON.stringify({ trial, ...result, seconds }, null, 2));
}
