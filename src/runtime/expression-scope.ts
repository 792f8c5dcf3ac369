import { randomUUID } from 'node:crypto';
import { ExpressionError, SecretNotFoundError, UnsupportedError } from '../errors.js';
import type { RunContext } from './context.js';
import type { ExpressionScope } from './expressions/index.js';
import { isFlowContext } from './flow-context.js';
import { readFileOf } from './read-file.js';
import { secretsNamespace } from './secrets-namespace.js';

/**
 * What an expression sees and may call in a run: the context's variables, and functions that reach no further than the
 * context does.
 */
export function expressionScope(context: RunContext): ExpressionScope {
  const { keyValues, identity } = context;
  const content = async (path: string, options: FileOptions) => {
    const bytes = await find(context, path, options);
    if (bytes !== null) return bytes;
    throw new ExpressionError(`There is no file "${path}" in this run or its namespace.`, { data: { path } });
  };
  return {
    variables: context.variables,
    functions: {
      secret: (key, options) => secret(context, key, options),
      ...(keyValues !== undefined && {
        kv: (key: string, options: { namespace?: string }) =>
          keyValues.get(key, options.namespace ?? identity.namespace),
      }),
      read: async (path, options) => new TextDecoder().decode(await content(path, options)),
      fileExists: async (path, options) => (await find(context, path, options)) !== null,
      fileSize: async (path, options) => (await content(path, options)).byteLength,
      isFileEmpty: async (path, options) => (await content(path, options)).byteLength === 0,
      env: (name) => environment(context, name),
      ...(isFlowContext(context) && {
        errorLogs: () => context.history.errorLogs(),
        tasksWithState: (state: string) => context.history.tasksWithState(state),
      }),
    },
    now: context.clock,
    uuid: randomUUID,
    logger: context.logger,
  };
}

interface FileOptions {
  namespace?: string;
  version?: number;
}

function find(context: RunContext, path: string, options: FileOptions): Promise<Uint8Array | null> {
  if (options.version !== undefined) {
    throw new UnsupportedError('Files are read in their present version only.', {
      hint: 'Leave "version" out.',
    });
  }
  return readFileOf(context, path, options.namespace);
}

/** The value, masked from now on wherever it shows; also without the line end that files of secrets tend to have. */
async function secret(
  context: RunContext,
  key: string,
  options: { namespace?: string; subkey?: string },
): Promise<string> {
  const namespace = secretsNamespace(context.identity.namespace, options.namespace);
  const value = await context.secrets.get(key, namespace);
  if (value === null) throw noSecret(key);
  context.redactor.register(value);
  context.redactor.register(value.trim());
  if (options.subkey === undefined) return value;
  const part = subkeyOf(value, options.subkey);
  if (part === undefined) throw noSecret(`${key}" with the subkey "${options.subkey}`);
  context.redactor.register(part);
  return part;
}

function subkeyOf(value: string, subkey: string): string | undefined {
  try {
    const parts: unknown = JSON.parse(value);
    if (typeof parts !== 'object' || parts === null || !Object.hasOwn(parts, subkey)) return undefined;
    const part = (parts as Record<string, unknown>)[subkey];
    return typeof part === 'string' ? part : JSON.stringify(part);
  } catch {
    return undefined;
  }
}

function noSecret(key: string): SecretNotFoundError {
  return new SecretNotFoundError(`There is no secret "${key}".`, {
    hint: 'Give it with --secret NAME=VALUE, in an --env-file, or as the base64 value of SECRET_<NAME>.',
    data: { key },
  });
}

/** Kestra lower-cases the names of the variables it hands to flows. */
function environment(context: RunContext, name: string): unknown {
  const { envs } = context.variables;
  if (typeof envs !== 'object' || envs === null) return undefined;
  const spelling = [name, name.toLowerCase()].find((one) => Object.hasOwn(envs, one));
  return spelling === undefined ? undefined : (envs as Record<string, unknown>)[spelling];
}
