import { readFile } from 'node:fs/promises';
import { SecretUnreadableError } from '../errors.js';
import type { SecretProvider } from './types.js';

/**
 * Secrets in one file, a YAML or JSON mapping of names to texts. It is read when a secret is asked for, so that a new
 * value counts from then on. Errors name the file and the secret, and nothing of what stands in it.
 */
export function fileSecrets(path: string): SecretProvider {
  return {
    async get(name) {
      const secrets = await readMapping(path);
      const wanted = name.toLowerCase();
      const key =
        Object.keys(secrets).find((known) => known === name) ??
        Object.keys(secrets).find((known) => known.toLowerCase() === wanted);
      if (key === undefined) return null;
      const value = secrets[key];
      if (typeof value === 'string') return value;
      throw new SecretUnreadableError(`The secret "${key}" in ${path} is not a text.`, {
        hint: 'Put it in quotes.',
      });
    },
  };
}

async function readMapping(path: string): Promise<Record<string, unknown>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unreadable';
    throw new SecretUnreadableError(`The secrets file ${path} cannot be read (${code}).`, {
      hint: 'Check that it is there and that the user who runs flowgit may read it.',
      cause,
    });
  }
  const { parseDocument } = await import('yaml');
  const document = parseDocument(text);
  const problem = document.errors[0];
  const value: unknown = problem === undefined ? document.toJS() : undefined;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  // The parser's own message quotes the line.
  const line = problem?.linePos?.[0].line;
  throw new SecretUnreadableError(
    `The secrets file ${path} is not a mapping of names to texts${line === undefined ? '' : ` (line ${line})`}.`,
    { hint: 'Write one "NAME: value" a line, as YAML, or a JSON object.' },
  );
}
