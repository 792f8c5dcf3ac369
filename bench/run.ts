// npm run bench: what flowgit costs beside git and isomorphic-git. The options are in arguments.ts.
import { UsageError } from '../bin/usage-error.js';
import { openArena } from './arena.js';
import { type BenchOptions, parseArguments, usage } from './arguments.js';
import { benchCases } from './cases/index.js';
import type { BenchCase } from './contest.js';
import { describeFileSystem } from './file-system.js';
import { interruptedExitCode, interruption, listenForInterruption } from './interruption.js';
import { type CaseMeasurement, measureCase } from './measure.js';
import { measureQueue, type QueueResult, queueCases } from './queue.js';
import { formatQueueTable } from './queue-table.js';
import { formatTable } from './table.js';

listenForInterruption();
try {
  const options = parseArguments(process.argv.slice(2));
  if (options.help) process.stdout.write(usage);
  else await bench(options);
} catch (error) {
  if (error instanceof UsageError) console.error(`${error.message}\n${error.hint ?? 'See --help.'}`);
  else if (!interruption.aborted) console.error(error);
  process.exitCode = 1;
}
const exitCode = interruptedExitCode();
if (exitCode !== null) process.exit(exitCode);

async function bench(options: BenchOptions): Promise<void> {
  const arena = await openArena(options);
  try {
    const cases = benchCases(arena).filter((benchCase) => isWanted(benchCase, options));
    const queues = queueCases
      .filter(({ name }) => name.includes(options.case))
      .slice(0, options.quick ? 1 : 3);
    if (options.list) {
      const names = [...cases, ...queues].map(
        (one) => `${one.name}${'heavy' in one && one.heavy ? ' (--all)' : ''}\n`,
      );
      process.stdout.write(names.join(''));
      return;
    }
    if (cases.length + queues.length === 0)
      throw new UsageError(`No case has "${options.case}" in its name.`, 'See --list.');
    const before = arena.checkFileSystem();
    const measurements: CaseMeasurement[] = [];
    for (const benchCase of cases) {
      progress(`${benchCase.name}: building its repository`);
      const onRound = (round: number, rounds: number) => progress(`${benchCase.name}: ${round} of ${rounds}`);
      try {
        measurements.push(await measureCase(benchCase, { ...options, onRound }));
      } catch (error) {
        interruption.throwIfAborted();
        // The others are still worth their time; the exit code tells.
        console.error(`${benchCase.name} failed and is not in the table:`, error);
        process.exitCode = 1;
      }
    }
    const queueResults: QueueResult[] = [];
    for (const queueCase of queues) {
      interruption.throwIfAborted();
      progress(`${queueCase.name}: its workers run`);
      const sizes = { runs: arena.size(2_000), spacedRuns: arena.size(400) };
      queueResults.push(await measureQueue(queueCase, { command: arena.command, ...sizes }));
    }
    progress('');
    const after = arena.checkFileSystem();
    const disk = describeFileSystem(before, after);
    // Also beside JSON, whose shape has no room for it: numbers from a slow disk must not pass for git's.
    if (options.json) console.error(disk);
    if (options.json) {
      const document = {
        cases: measurements.map(({ result }) => result),
        ...(queues.length > 0 && { queue: queueResults }),
      };
      process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
      return;
    }
    if (measurements.length > 0) {
      process.stdout.write(`${formatTable(measurements, !before.slow && !after.slow)}\n${disk}\n`);
    }
    if (queueResults.length > 0) process.stdout.write(`${formatQueueTable(queueResults)}\n`);
  } finally {
    progress('');
    await arena.close();
  }
}

function isWanted({ name, heavy = false, likeAnother = false }: BenchCase, options: BenchOptions): boolean {
  if (!name.includes(options.case)) return false;
  if (options.list) return true;
  return (options.all || !heavy) && !(options.quick && likeAnother);
}

/** One line that changes, for whoever watches. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}
