import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Redactor } from '../src/redaction.js';
import { decodeVariable, knownSecrets, secretPrefix } from '../src/secrets/environment.js';
import { firstOf, type SecretProvider, textOfFile } from '../src/secrets/types.js';
import { type Arguments, lastValue } from './command.js';
import { parseEnvFile } from './env-file.js';
import type { Io } from './io.js';
import { UsageError } from './usage-error.js';

/** What the surroundings give a run, with every secret in it already known to the redactor. */
export interface Surroundings {
  secrets: SecretProvider;
  /** `ENV_<NAME>` as expressions see it: `envs.name`. */
  envs: Readonly<Record<string, string>>;
  /** The process environment, and the env files over it. */
  env: Readonly<Record<string, string | undefined>>;
  /** Names of `SECRET_` variables that do not hold base64. */
  undecodable: readonly string[];
}

const envPrefix = 'ENV_';
/** Variables that flowgit itself understands; in an env file they are settings, not secrets. */
const setting = /^(FLOWGIT_|ENV_|(https?|all|no)_proxy$|NO_COLOR$|FORCE_COLOR$)/i;

/**
 * Collects the secrets, weakest first: the secrets directory, the secrets file, `SECRET_<NAME>` of the environment, env
 * files, `--secret`. The last three are registered with the redactor here, so this runs before anything is printed; the
 * others when a run asks for them.
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
    const decoded = decodeVariable(value);
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
  const providers = [knownSecrets(secrets), ...(await furtherProviders(args, io, env))];
  return { secrets: firstOf(providers), envs: expressionEnvs(env), env, undecodable };
}

/** Splits `NAME=VALUE` at its first equals sign. The message leaves the value out. */
export function splitPair(text: string, option: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`--${option} needs NAME=VALUE.`);
  return [text.slice(0, at), text.slice(at + 1)];
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

/** Files that are read when a secret of theirs is asked for; loaded for those who have them. */
async function furtherProviders(
  args: Arguments,
  io: Io,
  env: Surroundings['env'],
): Promise<SecretProvider[]> {
  const file = lastValue(args, 'secrets-file') ?? env.FLOWGIT_SECRETS_FILE ?? '';
  const directory = lastValue(args, 'secrets-dir') ?? env.FLOWGIT_SECRETS_DIR ?? '';
  const providers: SecretProvider[] = [];
  if (file !== '') {
    const { fileSecrets } = await import('../src/secrets/file.js');
    providers.push(fileSecrets(resolve(io.cwd, file)));
  }
  if (directory !== '') {
    const { directorySecrets } = await import('../src/secrets/directory.js');
    providers.push(directorySecrets(resolve(io.cwd, directory)));
  }
  return providers;
}

/** `@FILE` and `@-` name where the value is, `@@` begins a value that starts with an at sign. */
async function secretValue(value: string, io: Io): Promise<string> {
  if (value.startsWith('@@')) return value.slice(1);
  if (!value.startsWith('@')) return value;
  const text = value === '@-' ? await readStdin(io) : await readText(value.slice(1), io, '--secret');
  return textOfFile(text);
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
