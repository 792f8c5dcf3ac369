import { randomUUID } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StorageError } from '../errors.js';
import { createGit } from '../git/index.js';
import { silentLogger } from '../logger.js';
import { Redactor } from '../redaction.js';
import type { StorageAdapter } from '../storage/types.js';
import type { OutputFiles, RunContext, RunIdentity, SecretSource, WorkingDirectory } from './context.js';
import { wholeContent } from './output-content.js';
import { unfollowed } from './unfollowed.js';

/** What a program gives to run tasks without a flow; everything but the storage has a default. */
export interface RunContextOptions
  extends Partial<Omit<RunContext, 'identity' | 'secrets' | 'workingDirectory'>> {
  storage: StorageAdapter;
  identity?: Partial<RunIdentity>;
  /** Secrets by name, or a source of them. */
  secrets?: SecretSource | Readonly<Record<string, string>>;
  /** The path of a directory that is there, or one that is made when first asked for. By default a temporary one. */
  workingDirectory?: string | WorkingDirectory;
}

/**
 * The context for running a task from a program: `await new SyncFlows({…}).run(createRunContext({ storage }))`.
 * Output files are kept in memory; read them with `context.outputFiles.read(uri)`.
 */
export function createRunContext(options: RunContextOptions): RunContext {
  const redactor = options.redactor ?? new Redactor();
  const clock = options.clock ?? (() => new Date());
  const identity: RunIdentity = { namespace: '', flowId: '', executionId: randomUUID(), ...options.identity };
  return Object.freeze({
    storage: options.storage,
    git: options.git ?? createGit(),
    network: options.network ?? {},
    logger: options.logger ?? silentLogger,
    redactor,
    secrets: secretSource(options.secrets ?? {}),
    variables: options.variables ?? standardVariables(identity, clock()),
    workingDirectory: workingDirectory(options.workingDirectory),
    outputFiles: options.outputFiles ?? memoryOutputFiles(identity.executionId),
    keyValues: options.keyValues,
    signal: options.signal ?? new AbortController().signal,
    clock,
    progress: options.progress ?? unfollowed,
    onPlan: options.onPlan ?? (() => {}),
    confirm: options.confirm,
    saving: options.saving,
    identity,
  });
}

/** Keeps output files in memory under `memory://<execution>/<name>`. */
export function memoryOutputFiles(executionId: string): OutputFiles {
  const files = new Map<string, string | Iterable<Uint8Array>>();
  return {
    async write(name, content) {
      // Two runs in one context must not overwrite each other's file.
      let uri = `memory://${executionId}/${encodeURI(name)}`;
      for (let number = 2; files.has(uri); number++)
        uri = `memory://${executionId}/${number}/${encodeURI(name)}`;
      files.set(uri, content instanceof Uint8Array ? [new Uint8Array(content)] : content);
      return uri;
    },
    async read(uri) {
      const content = files.get(uri);
      if (content === undefined) throw new StorageError(`There is no output file ${uri} in this run.`);
      // Pieces are put together when somebody reads them: most files of most runs nobody reads.
      const whole = wholeContent(content);
      return typeof whole === 'string' ? new TextEncoder().encode(whole) : new Uint8Array(whole);
    },
  };
}

function standardVariables(identity: RunIdentity, now: Date): Record<string, unknown> {
  return {
    flow: { id: identity.flowId, namespace: identity.namespace },
    execution: { id: identity.executionId, startDate: now },
    inputs: {},
    outputs: {},
    vars: {},
  };
}

function secretSource(secrets: SecretSource | Readonly<Record<string, string>>): SecretSource {
  if (typeof secrets.get === 'function') return secrets as SecretSource;
  const values = secrets as Readonly<Record<string, string>>;
  return { get: async (name) => (Object.hasOwn(values, name) ? (values[name] ?? null) : null) };
}

function workingDirectory(given: string | WorkingDirectory | undefined): WorkingDirectory {
  if (typeof given === 'object') return given;
  if (typeof given === 'string') return { path: async () => given };
  let made: Promise<string> | null = null;
  return {
    path() {
      made ??= mkdtemp(join(tmpdir(), 'flowgit-'));
      return made;
    },
  };
}
