import { spawn } from 'node:child_process';
import { delimiter } from 'node:path';

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
  input?: Iterable<Buffer> | string,
): Promise<Buffer> {
  const child = spawn(program, args, { env: gitEnvironment, stdio: ['pipe', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  child.stdin.on('error', () => {}); // told by the exit code
  const closed = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (input === undefined || typeof input === 'string') child.stdin.end(input ?? '');
  else await feed(child.stdin, input);
  const code = await closed;
  if (code !== 0) {
    throw new Error(`${program} ${args.join(' ')} ended with ${code}: ${Buffer.concat(errors).toString()}`);
  }
  return Buffer.concat(output);
}

async function feed(stdin: NodeJS.WritableStream, input: Iterable<Buffer>): Promise<void> {
  for (const chunk of input) {
    if (!stdin.write(chunk)) await new Promise<void>((resolve) => stdin.once('drain', () => resolve()));
  }
  stdin.end();
}
