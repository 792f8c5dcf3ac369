import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** A `flowgit serve` or `flowgit worker` in a process of its own, as users have it. */
export interface FlowgitProcess {
  readonly pid: number;
  /** Address of a server; empty for a worker. */
  readonly url: string;
  /** What it wrote to standard error so far. */
  errors(): string;
  isRunning(): boolean;
  /** Sends a signal, and resolves to the exit code; null when the signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>;
  /** The most memory it has had and its time on the processor, where the system tells. */
  usage(): { peakMb: number; cpuMs: number } | null;
}

export interface FlowgitProcessOptions {
  cwd: string;
  env?: Record<string, string>;
  /** The built command, where there is one to measure; its sources otherwise. */
  isBuilt?: boolean;
}

const sources = fileURLToPath(new URL('../../bin/flowgit.ts', import.meta.url));
const built = fileURLToPath(new URL('../../dist/bin/flowgit.js', import.meta.url));
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** Starts `flowgit serve --port 0 …` and waits until it listens. */
export function startServer(
  args: readonly string[],
  options: FlowgitProcessOptions,
): Promise<FlowgitProcess> {
  return start(['serve', '--port', '0', ...args], /listening at (\S+),/, options);
}

/** Starts `flowgit worker …` and waits until it takes runs. */
export function startWorker(
  args: readonly string[],
  options: FlowgitProcessOptions,
): Promise<FlowgitProcess> {
  return start(['worker', ...args], /The worker takes runs()/, options);
}

async function start(
  args: readonly string[],
  ready: RegExp,
  { cwd, env = {}, isBuilt = false }: FlowgitProcessOptions,
): Promise<FlowgitProcess> {
  const program = isBuilt ? [built] : ['--import', tsx, sources];
  const child = spawn(process.execPath, [...program, ...args], {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit') as Promise<[number | null]>;
  let errors = '';
  const url = await new Promise<string>((resolve, reject) => {
    let output = '';
    const add = (chunk: unknown) => {
      output += String(chunk);
      const found = ready.exec(output);
      if (found !== null) resolve(found[1] ?? '');
    };
    child.stdout.on('data', add);
    child.stderr.on('data', (chunk) => {
      errors += String(chunk);
      add(chunk);
    });
    child.once('exit', () => reject(new Error(`flowgit ${args.join(' ')} did not start: ${errors}`)));
  });
  return {
    pid: child.pid ?? 0,
    url,
    errors: () => errors,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    async end(signal) {
      child.kill(signal);
      return (await ended)[0];
    },
    usage: () => usageOf(child),
  };
}

/** proc(5): `VmHWM` of the status, and `utime` and `stime` in hundredths of a second. */
function usageOf({ pid }: ChildProcess): { peakMb: number; cpuMs: number } | null {
  if (pid === undefined || !existsSync(`/proc/${pid}/status`)) return null;
  const [, kibibytes = '0'] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return { peakMb: Math.round(Number(kibibytes) / 1024), cpuMs: ticks * 10 };
}
