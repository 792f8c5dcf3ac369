import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { endOnInterruption } from './interruption.js';

/** Git as on a machine without any configuration of its own; housekeeping in the background stays off. */
export const gitEnvironment: NodeJS.ProcessEnv = {
  PATH: process.env.PATH ?? ['/usr/local/bin', '/usr/bin', '/bin'].join(delimiter),
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_COUNT: '2',
  GIT_CONFIG_KEY_0: 'gc.auto',
  GIT_CONFIG_VALUE_0: '0',
  GIT_CONFIG_KEY_1: 'maintenance.auto',
  GIT_CONFIG_VALUE_1: 'false',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
};

/** Runs git, and nothing between it and us; resolves to what it printed. */
export function git(args: readonly string[], input?: Iterable<Buffer> | string): Promise<Buffer> {
  return command('git', args, input);
}

/** Runs a program to its end. */
export async function command(
  program: string,
  args: readonly string[],
  input: Iterable<Buffer> | string = [],
): Promise<Buffer> {
  const child = endOnInterruption(
    spawn(program, args, { env: gitEnvironment, stdio: ['pipe', 'pipe', 'pipe'] }),
  );
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  pipeline(typeof input === 'string' ? [input] : input, child.stdin).catch((error: unknown) => {
    errors.push(Buffer.from(String(error)));
    child.kill(); // half of the input must not pass for all of it
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (code !== 0) {
    const how = `${program} ${args.join(' ')} ended with ${code ?? signal}`;
    throw new Error(`${how}: ${Buffer.concat(errors).toString()}`);
  }
  return Buffer.concat(output);
}
