import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UsageError } from '../bin/usage-error.js';
import type { BenchOptions } from './arguments.js';
import { compilePrograms, programsDirectory } from './compile-programs.js';
import type { OursRun } from './contest.js';
import { checkFileSystem, type FileSystemCheck } from './file-system.js';
import type { IsomorphicJob, OursJob } from './programs/jobs.js';
import {
  isomorphicArguments,
  oursArguments,
  type ProgramOptions,
  runProgram,
  startProgram,
} from './programs.js';
import {
  buildRepository,
  prepareDirectory,
  type Repository,
  type RepositorySpec,
  removeDirectory,
} from './repositories.js';
import { type Server, startServer } from './server.js';

/** Everything the cases share: the server, the repositories below it, and directories to work in. */
export interface Arena {
  readonly server: Server;
  /** Directory the server serves. */
  readonly root: string;
  /** Runs before the measured ones of a case whose process stays: a scheduler's tenth run counts, not its first. */
  readonly warmUps: number;
  /** Measured runs and warm-ups of a case that goes from commit to commit. */
  readonly revisions: number;
  /** A number of files, made small by `--quick`. */
  size(count: number): number;
  repository(spec: RepositorySpec): Promise<Repository>;
  urlOf(repository: { name: string }): string;
  /** A new directory, to be cleared away by the caller. */
  temporary(): Promise<string>;
  /** One whole process of ours, with its traffic. */
  runOurs(caseName: string, job: OursJob): Promise<OursRun>;
  /** A process of ours that stays; each call is one run in it. */
  startOurs(
    caseName: string,
    job: OursJob,
  ): Promise<{ run: () => Promise<OursRun>; close: () => Promise<void> }>;
  runIsomorphic(job: IsomorphicJob): Promise<number>;
  startIsomorphic(job: IsomorphicJob): Promise<{ run: () => Promise<number>; close: () => Promise<void> }>;
  /** Checks the file system that the clones lie on. */
  checkFileSystem(): FileSystemCheck;
  /** Path of the built `flowgit` command. */
  readonly command: string;
  close(): Promise<void>;
}

/** @throws UsageError when there is no build of flowgit to measure, or no directory to keep repositories in. */
export async function openArena(options: BenchOptions): Promise<Arena> {
  const dist = resolve(options.dist ?? join(import.meta.dirname, '../dist'));
  if (!existsSync(join(dist, 'tasks/index.js'))) throw new UsageError(`${dist} holds no build of flowgit.`);
  const work = await mkdtemp(join(tmpdir(), 'flowgit-bench-'));
  const clearAway = async () => {
    await removeDirectory(work);
    await removeDirectory(programsDirectory);
  };
  try {
    return await furnish(options, { work, dist, clearAway });
  } catch (error) {
    await clearAway();
    throw error;
  }
}

interface Place {
  work: string;
  dist: string;
  clearAway: () => Promise<void>;
}

async function furnish(options: BenchOptions, { work, dist, clearAway }: Place): Promise<Arena> {
  const root =
    options.keep === null ? await prepareDirectory(join(work, 'served')) : await keptDirectory(options.keep);
  await compilePrograms();
  const programs: ProgramOptions = {
    directory: programsDirectory,
    dist: pathToFileURL(dist).href,
    cpuProf: options.cpuProf === null ? null : resolve(options.cpuProf),
  };
  const server = await startServer({ root, latencyMs: options.latencyMs, packObjectsHook: null });
  const warmUps = options.quick ? 0 : 2;
  const temporary = () => mkdtemp(join(work, 'run-'));

  return {
    server,
    root,
    warmUps,
    revisions: options.runs + warmUps,
    command: join(dist, 'bin/flowgit.js'),
    size: (count) => (options.quick ? Math.max(20, Math.round(count / 100)) : count),
    repository: (spec) => buildRepository(root, spec),
    urlOf: ({ name }) => `${server.url}/${name}`,
    temporary,
    checkFileSystem: () => checkFileSystem(work),
    async runOurs(caseName, job) {
      await server.takeTraffic();
      const report = await runProgram(oursArguments(programs, caseName, job));
      return { ms: report.processMs, report, ...(await server.takeTraffic()) };
    },
    async startOurs(caseName, job) {
      const program = await startProgram(oursArguments(programs, caseName, job));
      return {
        close: program.close,
        async run() {
          await server.takeTraffic();
          const report = await program.run();
          return { ms: report.jobMs, report, ...(await server.takeTraffic()) };
        },
      };
    },
    async runIsomorphic(job) {
      return (await runProgram(isomorphicArguments(programs, job))).processMs;
    },
    async startIsomorphic(job) {
      const program = await startProgram(isomorphicArguments(programs, job));
      return { close: program.close, run: async () => (await program.run()).jobMs };
    },
    async close() {
      await server.close();
      await clearAway();
    },
  };
}

async function keptDirectory(path: string): Promise<string> {
  return prepareDirectory(resolve(path)).catch((error: Error) => {
    throw new UsageError(`--keep takes a directory: ${error.message}`);
  });
}

/** Runs with a directory that is gone afterwards; its removal belongs to no measurement. */
export async function inTemporary<T>(arena: Arena, use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await arena.temporary();
  try {
    return await use(directory);
  } finally {
    await removeDirectory(directory);
  }
}
