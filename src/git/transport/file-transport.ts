import type { ChildProcess, ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { RepositoryNotFoundError, UnsupportedError } from '../../errors.js';
import { throwIfCancelled } from '../cancelled.js';
import { cleanMessage, RefusedRequestError } from '../protocol/remote-message.js';
import type { GitService, ServiceOptions, Transport } from './transport.js';

export interface FileTransportOptions {
  /** Of the git programs; their variables for another repository are left out. */
  environment: Readonly<Record<string, string | undefined>>;
  signal?: AbortSignal | undefined;
}

/** Points git's programs at another repository (git rev-parse --local-env-vars). */
const repositoryVariables = [
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_DIR',
  'GIT_GRAFT_FILE',
  'GIT_INDEX_FILE',
  'GIT_NAMESPACE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_PREFIX',
  'GIT_QUARANTINE_PATH',
  'GIT_SHALLOW_FILE',
  'GIT_WORK_TREE',
];

/** What a server of our own may always be asked for. */
const serviceConfig = ['-c', 'uploadpack.allowFilter=true', '-c', 'uploadpack.allowAnySHA1InWant=true'];
const maxStderrBytes = 16 * 1024;

type GitProcess = ChildProcessByStdio<Writable, Readable, Readable>;

/** A repository on this machine: git's own two programs, one run per request, as an HTTP server would run them. */
export class FileTransport implements Transport {
  readonly url: string;
  readonly #path: string;
  readonly #options: FileTransportOptions;
  readonly #running = new Set<ChildProcess>();

  /** @param path absolute */
  constructor(url: string, path: string, options: FileTransportOptions) {
    this.url = url;
    this.#path = path;
    this.#options = options;
  }

  async advertise(service: GitService, { version }: ServiceOptions): Promise<AsyncIterable<Uint8Array>> {
    const child = this.#spawn(service, ['--stateless-rpc', '--advertise-refs'], version);
    child.stdin.end();
    return this.#output(child);
  }

  async request(
    service: GitService,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    { version }: ServiceOptions,
  ): Promise<AsyncIterable<Uint8Array>> {
    const child = this.#spawn(service, ['--stateless-rpc'], version);
    const sending = send(child.stdin, body);
    sending.catch(() => {}); // the reader of the output throws it
    return this.#output(child, sending);
  }

  async close(): Promise<void> {
    for (const child of this.#running) child.kill();
  }

  #spawn(service: GitService, flags: string[], version: number): GitProcess {
    const { environment, signal } = this.#options;
    throwIfCancelled(signal);
    const env: Record<string, string | undefined> = { ...environment };
    for (const name of repositoryVariables) delete env[name];
    if (version > 0) env.GIT_PROTOCOL = `version=${version}`;
    else delete env.GIT_PROTOCOL;
    const program = service.replace(/^git-/, '');
    // Most processes speak to no repository on this machine.
    const { spawn } = process.getBuiltinModule('node:child_process');
    const child = spawn('git', [...serviceConfig, program, ...flags, '--', this.#path], {
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#running.add(child);
    child.once('close', () => this.#running.delete(child));
    child.stdin.on('error', () => {}); // git may stop reading early; its exit status tells why
    return child;
  }

  #output(child: GitProcess, sending?: Promise<void>): AsyncIterable<Uint8Array> {
    const stderr = collect(child.stderr);
    const exit = new Promise<number | Error>((resolve) => {
      child.once('error', resolve);
      child.once('close', (code) => resolve(code ?? -1));
    });
    return this.#read(child, async () => {
      const status = await exit;
      if (status !== 0) throw this.#failure(status, await stderr);
      await sending;
    });
  }

  async *#read(child: GitProcess, finish: () => Promise<void>): AsyncGenerator<Uint8Array, void, undefined> {
    const { signal } = this.#options;
    const onAbort = (): void => {
      child.kill();
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      throwIfCancelled(signal);
      for await (const chunk of child.stdout) {
        throwIfCancelled(signal);
        yield chunk;
      }
      throwIfCancelled(signal);
      await finish();
    } finally {
      signal?.removeEventListener('abort', onAbort);
      child.kill();
    }
  }

  #failure(status: number | Error, stderr: string): Error {
    if (status instanceof Error) {
      return new UnsupportedError(`git could not be run: ${status.message}.`, {
        hint: 'file:// URLs need git on the PATH.',
        cause: status,
      });
    }
    if (/does not appear to be a git repository|not a git repository|invalid gitfile/i.test(stderr)) {
      return new RepositoryNotFoundError(`There is no git repository at ${this.url}.`, {
        hint: 'Check the path in the URL.',
        data: { url: this.url },
      });
    }
    const words = cleanMessage(stderr.replace(/^fatal: /, ''));
    return new RefusedRequestError(words === '' ? `git ended with status ${status}` : words);
  }
}

async function send(stdin: Writable, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
  if (body instanceof Uint8Array) {
    stdin.end(body);
    return;
  }
  try {
    for await (const chunk of body) {
      if (stdin.destroyed) return;
      await new Promise<void>((resolve) => stdin.write(chunk, () => resolve()));
    }
  } finally {
    stdin.end();
  }
}

async function collect(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (size < maxStderrBytes) chunks.push(chunk);
    size += chunk.length;
  }
  return Buffer.concat(chunks).toString('utf8', 0, maxStderrBytes);
}
