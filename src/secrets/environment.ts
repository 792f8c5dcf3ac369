import type { SecretProvider } from './types.js';

/** What a variable's name begins with when it holds a secret, in base64 as Kestra has it. */
export const secretPrefix = 'SECRET_';

/** The value of a `SECRET_` variable; null when it is not base64. */
export function decodeVariable(value: string): string | null {
  const text = value.replaceAll(/\s/g, '');
  return /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.replace(/=+$/, '').length % 4 !== 1
    ? Buffer.from(text, 'base64').toString('utf8')
    : null;
}

/** Secrets that are at hand. Names are those of variables, in upper case; asking is not case-sensitive. */
export function knownSecrets(secrets: ReadonlyMap<string, string>): SecretProvider {
  return { get: async (name) => secrets.get(name.toUpperCase()) ?? null };
}
