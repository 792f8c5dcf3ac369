import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Redactor } from '../src/redaction.js';
import type { SecretSource } from '../src/runtime/context.js';
import { type Arguments, lastValue } from './command.js';
import { parseEnvFile } from './env-file.js';
import type { Io } from './io.js';
import { UsageError } from './usage-error.js';

/** What the surroundings give a run, with every secret in it already known to the redactor. */
export interface Surroundings {
  secrets: SecretSource;
  /** `ENV_<NAME>` as expressions see it: `envs.name`. */
  envs: Readonly<Record<string, string>>;
  /** The process environment, and the env files over it. */
  env: Readonly<Record<string, string | undefined>>;
  /** Names of `SECRET_` variables that do not hold base64. */
  undecodable: readonly string[];
}

const secretPrefix = 'SECRET_';
const envPrefix = 'ENV_';
/** Variables that flowgit itself understands; in an env file they are settings, not secrets. */
const setting = /^(FLOWGIT_|ENV_|(https?|all|no)_proxy$|NO_COLOR$|FORCE_COLOR$)/i;

/**
 * Collects the secrets, weakest first: `SECRET_<NAME>` of the environment, env files, `--secret`. All are registered
 * with the redactor, so this runs before anything is printed.
 * @throws UsageError
 */
export async function readSurroundings(args: Arguments, io: Io, redactor: Redactor): Promise<Surroundings> {
  const secrets = new Map<string, string>();
  const undecodable: string[] = [];
  const add = (name: string, value: string) => {
    register(redactor, value);
    secrets.set(name.toUpperCase(), value);
  };
  const addVariable = (name: string, value: string) => {
    redactor.registerUrl(value);
    if (!name.startsWith(secretPrefix)) return;
    register(redactor, value);
    const decoded = decodeBase64(value);
    if (decoded === null) undecodable.push(name);
    else add(name.slice(secretPrefix.length), decoded);
  };

  for (const [name, value] of Object.entries(io.env)) {
    if (value === undefined) continue;
    if (name.startsWith(secretPrefix) || setting.test(name)) addVariable(name, value);
  }
  const fromFiles: Record<string, string> = {};
  for (const file of args.values.get('env-file') ?? []) {
    for (const [name, value] of parseEnvFile(await readText(file, io, '--env-file'), file)) {
      if (name.startsWith(secretPrefix)) addVariable(name, value);
      else if (setting.test(name)) {
        addVariable(name, value);
        fromFiles[name] = value;
      } else add(name, value);
    }
  }
  for (const text of args.values.get('secret') ?? []) {
    const [name, value] = splitPair(text, 'secret');
    // The text as given may be shown by an error about it.
    if (!value.startsWith('@')) register(redactor, value);
    add(name, await secretValue(value, io));
  }
  const storage = lastValue(args, 'storage');
  if (storage !== undefined) redactor.registerUrl(storage);

  const env = { ...io.env, ...fromFiles };
  return { secrets: secretSource(secrets), envs: expressionEnvs(env), env, undecodable };
}

/** Splits `NAME=VALUE` at its first equals sign. The message leaves the value out. */
export function splitPair(text: string, option: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`--${option} needs NAME=VALUE.`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** Secrets have upper-case names, as Kestra's environment gives them; asking is not case-sensitive. */
function secretSource(secrets: ReadonlyMap<string, string>): SecretSource {
  return { get: async (name) => secrets.get(name.toUpperCase()) ?? null };
}

function expressionEnvs(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      name.startsWith(envPrefix) && value !== undefined
        ? [[name.slice(envPrefix.length).toLowerCase(), value]]
        : [],
    ),
  );
}

/** `@FILE` and `@-` name where the value is, `@@` begins a value that starts with an at sign. */
async function secretValue(value: string, io: Io): Promise<string> {
  if (value.startsWith('@@')) return value.slice(1);
  if (!value.startsWith('@')) return value;
  const text = value === '@-' ? await readStdin(io) : await readText(value.slice(1), io, '--secret');
  // Editors end a file with a line break that is no part of a token; a key of several lines keeps its own.
  return /^[^\n]*\n$/.test(text) ? text.replace(/\r?\n$/, '') : text;
}

async function readStdin(io: Io): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of io.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString('utf8');
}

async function readText(file: string, io: Io, option: string): Promise<string> {
  try {
    return await readFile(resolve(io.cwd, file), 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new UsageError(`${option}: ${file} cannot be read (${code}).`);
  }
}

/** A secret may be printed without the line break it ends with. */
function register(redactor: Redactor, value: string): void {
  redactor.register(value);
  redactor.register(value.trim());
}

function decodeBase64(value: string): string | null {
  const text = value.replaceAll(/\s/g, '');
  return /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.replace(/=+$/, '').length % 4 !== 1
    ? Buffer.from(text, 'base64').toString('utf8')
    : null;
}
