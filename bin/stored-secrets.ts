import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { SecretUnreadableError } from '../src/errors.js';
import type { Keyring } from '../src/secrets/keyring.js';
import type { SecretProvider } from '../src/secrets/types.js';
import type { StorageAdapter } from '../src/storage/types.js';
import type { Session } from './session.js';

/** The keys of stored secrets, from `FLOWGIT_SECRET_KEY` or the file of `FLOWGIT_SECRET_KEY_FILE`; null without them. */
export async function readKeys({ surroundings: { env }, io, redactor }: Session): Promise<Keyring | null> {
  const text = env.FLOWGIT_SECRET_KEY ?? '';
  const file = env.FLOWGIT_SECRET_KEY_FILE ?? '';
  if (text === '' && file === '') return null;
  const keys = text === '' ? await readKeyFile(resolve(io.cwd, file)) : text;
  for (const key of keys.split(/[\s,]+/)) redactor.register(key);
  const { readKeyring } = await import('../src/secrets/keyring.js');
  return readKeyring(keys);
}

/**
 * What a run asks for secrets: the surroundings first, then the storage, where there are keys for it. Keys are read when
 * the surroundings do not have a secret.
 */
export function runSecrets(session: Session, storage: StorageAdapter): SecretProvider {
  let stored: Promise<SecretProvider | null> | null = null;
  return {
    async get(name, namespace) {
      const value = await session.surroundings.secrets.get(name, namespace);
      if (value !== null) return value;
      stored ??= storedSecrets(session, storage);
      return (await stored)?.get(name, namespace) ?? null;
    },
  };
}

async function storedSecrets(session: Session, storage: StorageAdapter): Promise<SecretProvider | null> {
  const keyring = await readKeys(session);
  if (keyring === null) return null;
  const { openSecretStore } = await import('../src/secrets/stored.js');
  return openSecretStore(storage, keyring);
}

async function readKeyFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new SecretUnreadableError(`FLOWGIT_SECRET_KEY_FILE: ${path} cannot be read (${code}).`, {
      hint: 'Check that it is there and that the user who runs flowgit may read it.',
    });
  }
}
