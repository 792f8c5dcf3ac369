import type { Readable } from 'node:stream';

/** What a command may touch of the process it runs in. Tests pass their own. */
export interface Io {
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  readonly stdin: Readable & { readonly isTTY?: boolean | undefined };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute; relative paths on the command line are resolved against it. */
  readonly cwd: string;
  /** Aborted by Ctrl-C or a termination signal; its reason is an `Interruption`. */
  readonly signal: AbortSignal;
}

/** Somewhere that text is written to, and what is known of it when it is a terminal. */
export interface TextSink {
  write(text: string): void;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** Why a run was asked to stop. */
export class Interruption extends Error {
  /** 128 and the signal's number, as shells report it. */
  readonly exitCode: number;

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(`stopped by ${signal}`);
    this.name = 'Interruption';
    this.exitCode = signal === 'SIGINT' ? 130 : 143;
  }
}
