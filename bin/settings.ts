import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ProxySettings } from '../src/git/types.js';
import { type Arguments, lastValue } from './command.js';
import type { Io } from './io.js';
import { type LogFormat, type LogLevel, logLevels } from './log-levels.js';
import { UsageError } from './usage-error.js';

type Env = Readonly<Record<string, string | undefined>>;

/** The common options, with what the environment and the defaults add. */
export interface Settings {
  /** As given; a relative `file:` is relative to the current directory. */
  storage: string;
  cacheDir: string;
  /** How large the mirrors in `cacheDir` may be together; undefined is the git engine's default. */
  cacheMaxBytes: number | undefined;
  workingDir: string | null;
  proxy: ProxySettings;
  dryRun: boolean;
  diff: boolean;
  json: boolean;
  quiet: boolean;
  logLevel: LogLevel;
  logFormat: LogFormat;
}

/** @throws UsageError */
export function readSettings(args: Arguments, io: Io, env: Env): Settings {
  const json = args.switches.has('json');
  const quiet = args.switches.has('quiet');
  const workingDir = lastValue(args, 'working-dir');
  return {
    storage: lastValue(args, 'storage') ?? nonEmpty(env.FLOWGIT_STORAGE) ?? 'file:./flowgit-data',
    cacheDir: resolve(io.cwd, lastValue(args, 'cache-dir') ?? nonEmpty(env.FLOWGIT_CACHE) ?? userCache(env)),
    cacheMaxBytes: bytesOf('FLOWGIT_CACHE_MAX_BYTES', env),
    workingDir: workingDir === undefined ? null : resolve(io.cwd, workingDir),
    proxy: readProxies(env),
    dryRun: args.switches.has('dry-run'),
    diff: args.switches.has('diff'),
    json,
    quiet,
    logLevel: oneOf(args, 'log-level', logLevels) ?? (quiet ? 'error' : 'info'),
    logFormat: oneOf(args, 'log-format', ['pretty', 'json']) ?? (json ? 'json' : 'pretty'),
  };
}

export interface ColorChoice {
  /** `--no-color` was given. */
  noColor: boolean;
  env: Env;
  sink: { isTTY?: boolean | undefined };
}

/** Whether to colour what goes to `sink`. See no-color.org and force-color.org. */
export function wantsColor({ noColor, env, sink }: ColorChoice): boolean {
  if (noColor || nonEmpty(env.NO_COLOR) !== undefined) return false;
  if (nonEmpty(env.FORCE_COLOR) !== undefined && env.FORCE_COLOR !== '0') return true;
  return sink.isTTY === true && env.TERM !== 'dumb';
}

function bytesOf(name: string, env: Env): number | undefined {
  const text = nonEmpty(env[name]);
  if (text === undefined) return undefined;
  const bytes = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(bytes)) return bytes;
  throw new UsageError(`${name} is a number of bytes, such as 2147483648.`);
}

function oneOf<T extends string>(args: Arguments, name: string, allowed: readonly T[]): T | undefined {
  const given = lastValue(args, name)?.toLowerCase();
  if (given === undefined) return undefined;
  const found = allowed.find((value) => value === given);
  if (found === undefined) throw new UsageError(`--${name} is one of ${allowed.join(', ')}.`);
  return found;
}

/** Both spellings are in use; the lower-case one is older and wins, as in curl. */
function readProxies(env: Env): ProxySettings {
  const all = nonEmpty(env.all_proxy) ?? nonEmpty(env.ALL_PROXY);
  return {
    http: nonEmpty(env.http_proxy) ?? nonEmpty(env.HTTP_PROXY) ?? all,
    https: nonEmpty(env.https_proxy) ?? nonEmpty(env.HTTPS_PROXY) ?? all,
    noProxy: nonEmpty(env.no_proxy) ?? nonEmpty(env.NO_PROXY),
  };
}

function userCache(env: Env): string {
  const home = nonEmpty(env.HOME) ?? homedir();
  const xdg = nonEmpty(env.XDG_CACHE_HOME);
  if (xdg !== undefined) return join(xdg, 'flowgit');
  if (process.platform === 'darwin') return join(home, 'Library', 'Caches', 'flowgit');
  if (process.platform === 'win32') return join(nonEmpty(env.LOCALAPPDATA) ?? home, 'flowgit', 'cache');
  return join(home, '.cache', 'flowgit');
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
