import { Readable } from 'node:stream';
import { Interruption, type Io } from '../../bin/io.js';
import { main } from '../../bin/main.js';

export interface CliOptions {
  cwd: string;
  env?: Record<string, string>;
  stdin?: string;
  /** All three streams are terminals of this width. */
  columns?: number;
  signal?: AbortSignal;
}

export interface CliResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the command line inside this process. Its cache stays in the directory it runs in. */
export async function cli(argv: string[], options: CliOptions): Promise<CliResult> {
  let stdout = '';
  let stderr = '';
  const terminal = { isTTY: options.columns !== undefined, columns: options.columns };
  const io: Io = {
    stdout: {
      ...terminal,
      write: (text) => {
        stdout += text;
      },
    },
    stderr: {
      ...terminal,
      write: (text) => {
        stderr += text;
      },
    },
    stdin: Object.assign(Readable.from([Buffer.from(options.stdin ?? '')]), {
      isTTY: options.columns !== undefined,
    }),
    env: { XDG_CACHE_HOME: `${options.cwd}/cache`, ...options.env },
    cwd: options.cwd,
    signal: options.signal ?? new AbortController().signal,
  };
  const code = await main(argv, io);
  return { code, stdout, stderr };
}

/** A signal that Ctrl-C has already been pressed on, or will be when `press` is called. */
export function ctrlC(): { signal: AbortSignal; press: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, press: () => controller.abort(new Interruption('SIGINT')) };
}

/** Text without colours and cursor movements. */
export function withoutEscapes(text: string): string {
  return text.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[[?0-9;]*[A-Za-z]`, 'g'), '');
}
