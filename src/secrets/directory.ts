import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SecretUnreadableError } from '../errors.js';
import { type SecretProvider, textOfFile } from './types.js';

/**
 * One file per secret, as Kubernetes mounts them: the file's name is the secret's, in any letter case. Files are read
 * when they are asked for, so that a new value counts from then on.
 */
export function directorySecrets(directory: string): SecretProvider {
  return {
    async get(name) {
      const file = await findFile(directory, name);
      if (file === null) return null;
      try {
        return textOfFile(await readFile(join(directory, file), 'utf8'));
      } catch (cause) {
        throw unreadable(`The secret file ${join(directory, file)}`, cause);
      }
    },
  };
}

async function findFile(directory: string, name: string): Promise<string | null> {
  try {
    // Only names that the listing has, so that no name leads out of the directory. Kubernetes keeps its own in "..data".
    const files = (await readdir(directory)).filter((file) => !file.startsWith('.'));
    const wanted = name.toLowerCase();
    return files.find((file) => file === name) ?? files.find((file) => file.toLowerCase() === wanted) ?? null;
  } catch (cause) {
    throw unreadable(`The secrets directory ${directory}`, cause);
  }
}

function unreadable(what: string, cause: unknown): SecretUnreadableError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unreadable';
  return new SecretUnreadableError(`${what} cannot be read (${code}).`, {
    hint: 'Check that it is there and that the user who runs flowgit may read it.',
    cause,
  });
}
