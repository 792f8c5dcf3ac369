import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';

const entry = fileURLToPath(new URL('../../bin/flowgit.ts', import.meta.url));
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** `flowgit serve` as a process of its own. */
export interface Serving {
  url: string;
  /** Everything it has logged. */
  log(): string;
  /** Asks it to end, and resolves to its exit code. */
  stop(): Promise<number | null>;
  kill(): Promise<void>;
}

/** Starts it on a free port, and waits until it says where it listens. */
export async function serve(cwd: string, ...argv: string[]): Promise<Serving> {
  const child = spawn(process.execPath, ['--import', tsx, entry, 'serve', '--port', '0', ...argv], {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (chunk) => {
    log += String(chunk);
  });
  const ended = once(child, 'exit') as Promise<[number | null]>;
  for await (const line of createInterface({ input: child.stdout })) {
    const [, url] = /listening at (\S+),/.exec(line) ?? [];
    if (url === undefined) continue;
    return {
      url,
      log: () => log,
      async stop() {
        child.kill('SIGTERM');
        return (await ended)[0];
      },
      async kill() {
        if (child.exitCode === null) child.kill('SIGKILL');
        await ended;
      },
    };
  }
  throw new Error(`The server did not start: ${log}`);
}
