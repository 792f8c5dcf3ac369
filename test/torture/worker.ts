// Carries queued runs out until it is killed: `storage leaseMs concurrency`.
import { openEngine } from '../../src/executions/engine.js';
import { createGit } from '../../src/git/index.js';
import { silentLogger } from '../../src/logger.js';
import { memoryOutputFiles } from '../../src/runtime/create-context.js';
import { TaskRegistry } from '../../src/runtime/registry.js';
import { allTasks } from '../../tasks/index.js';

const [storageUrl = '', leaseMs = '', concurrency = ''] = process.argv.slice(2);
const engine = await openEngine({
  storageUrl,
  registry: new TaskRegistry(allTasks),
  git: createGit(),
  logger: silentLogger,
  secrets: { get: async () => null },
  outputFiles: (executionId) => memoryOutputFiles(executionId),
  queue: { leaseMs: Number(leaseMs), pollMs: 100 },
});
await engine.work({ concurrency: Number(concurrency) });
process.stdout.write('ready\n');
