import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { endOnInterruption } from './interruption.js';
import type { IsomorphicJob, OursJob, ProgramReport } from './programs/jobs.js';

export interface ProgramOptions {
  /** Where `compilePrograms` put them. */
  directory: string;
  /** URL of the built package. */
  dist: string;
  /** Directory for V8's CPU profiles of ours. */
  cpuProf: string | null;
}

/**
 * Node as on a machine without any configuration of its own. With certificates named in NODE_EXTRA_CA_CERTS, Node 20
 * parses all that it knows before it does anything, 50 ms in each process, and all of this is plain HTTP.
 */
export const nodeEnvironment: NodeJS.ProcessEnv = { ...process.env };
for (const name of ['NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS']) delete nodeEnvironment[name];

/** One whole process: `processMs` is from its start to its end, without the preparations it reports. */
export interface ProcessReport extends ProgramReport {
  processMs: number;
}

/** A process that does its job once per call. */
export interface RepeatingProgram {
  run(): Promise<ProgramReport>;
  close(): Promise<void>;
}

/** Node's arguments for ours: the profile of a case goes to a file of its name. */
export function oursArguments(
  { directory, dist, cpuProf }: ProgramOptions,
  caseName: string,
  job: OursJob,
): string[] {
  const name = `${caseName}.${process.hrtime.bigint()}.cpuprofile`;
  const profiling =
    cpuProf === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${cpuProf}`, `--cpu-prof-name=${name}`];
  return [...profiling, join(directory, 'ours.js'), JSON.stringify(job), dist];
}

/** isomorphic-git holds all objects and more: it gets the memory it asks for. */
export function isomorphicArguments({ directory }: ProgramOptions, job: IsomorphicJob): string[] {
  return ['--max-old-space-size=12000', join(directory, 'isomorphic.js'), JSON.stringify(job)];
}

/** Runs a program once, as a process of its own. */
export async function runProgram(args: readonly string[]): Promise<ProcessReport> {
  const start = performance.now();
  const child = startNode(args);
  let report: ProgramReport | null = null;
  child.once('message', (message: ProgramReport) => {
    report = message;
  });
  await ended(child);
  const wallMs = performance.now() - start;
  if (report === null) throw new Error(`A program ended without a report: ${args.join(' ')}`);
  const told: ProgramReport = report;
  return { ...told, processMs: wallMs - told.setupMs };
}

/** Starts a program that prepares itself and then waits to be told to run. */
export async function startProgram(args: readonly string[]): Promise<RepeatingProgram> {
  const child = startNode([...args, 'repeat']);
  const end = ended(child);
  end.catch(() => {}); // told to whoever waits for an answer or closes
  const answer = async (): Promise<unknown> => {
    const [message] = (await Promise.race([
      once(child, 'message'),
      end.then(() => Promise.reject(new Error('A program ended early.'))),
    ])) as unknown[];
    return message;
  };
  await answer();
  return {
    async run() {
      const answered = answer();
      child.send('run');
      return (await answered) as ProgramReport;
    },
    async close() {
      if (child.connected) child.disconnect();
      await end;
    },
  };
}

function startNode(args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: nodeEnvironment,
  });
  return endOnInterruption(child);
}

async function ended(child: ChildProcess): Promise<void> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  if (code !== 0) throw new Error(`A program of the benchmark ended with ${code ?? signal}.`);
}
