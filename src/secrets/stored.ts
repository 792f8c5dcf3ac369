import * as z from 'zod';
import type { ResourceKey } from '../../schemas/resources.js';
import { InvalidPropertiesError, SecretNotFoundError, SecretUnreadableError } from '../errors.js';
import type { StorageAdapter, StorageChange, StoredContent } from '../storage/types.js';
import type { Keyring, SealedSecret } from './keyring.js';
import type { SecretProvider } from './types.js';

/** What may be told of a stored secret. Its value is told to a run alone. */
export interface StoredSecret {
  namespace: string;
  name: string;
  keyId: string;
  updatedAt: string;
}

/** Secrets in storage, encrypted. A secret of a namespace is also one of the namespaces below it. */
export interface SecretStore extends SecretProvider {
  put(namespace: string, name: string, value: string): Promise<void>;
  /** @throws SecretNotFoundError */
  remove(namespace: string, name: string): Promise<void>;
  list(): Promise<StoredSecret[]>;
  /** Encrypts with the current key what another one encrypts; resolves to how many those were. */
  rotate(): Promise<number>;
}

const idPrefix = 'secret/';
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const record = z.object({
  version: z.literal(1),
  updatedAt: z.iso.datetime(),
  keyId: z.string(),
  nonce: z.string(),
  ciphertext: z.string(),
  tag: z.string(),
});
type SecretRecord = z.output<typeof record>;

/** Names are kept in upper case; asking is not case-sensitive. */
export function openSecretStore(
  storage: StorageAdapter,
  keyring: Keyring,
  clock: () => Date = () => new Date(),
): SecretStore {
  const entryOf = (key: ResourceKey, sealed: SealedSecret, updatedAt: string, expectedOid: string | null) => {
    const content: SecretRecord = { version: 1, updatedAt, ...sealed };
    return { action: 'put', key, content: Buffer.from(JSON.stringify(content)), expectedOid } as const;
  };
  const present = async (): Promise<StoredContent[]> => {
    const entries = await storage.list({ kind: 'state', namespace: '', children: true });
    const keys = entries.flatMap(({ key }) => (key.id.startsWith(idPrefix) ? [key] : []));
    return (await storage.read(keys)).filter((stored) => stored !== null);
  };

  return {
    async get(name, namespace = '') {
      if (!namePattern.test(name)) return null;
      // The nearest namespace wins.
      const found = await storage.read(withAncestors(namespace).map((place) => keyOf(place, name)));
      const stored = found.find((entry) => entry !== null);
      return stored === undefined ? null : keyring.open(parse(stored), placeOf(stored.key));
    },

    async put(namespace, name, value) {
      if (!namePattern.test(name)) throw unfitName(name);
      const key = keyOf(namespace, name);
      const [before = null] = await storage.read([key]);
      const sealed = keyring.seal(value, placeOf(key));
      await storage.apply({ changes: [entryOf(key, sealed, clock().toISOString(), before?.oid ?? null)] });
    },

    async remove(namespace, name) {
      const key = keyOf(namespace, name);
      const [before = null] = namePattern.test(name) ? await storage.read([key]) : [];
      if (before === null) throw new SecretNotFoundError(`There is no ${placeOf(key)}.`);
      await storage.apply({ changes: [{ action: 'delete', key, expectedOid: before.oid }] });
    },

    async list() {
      return (await present()).map((stored) => {
        const { keyId, updatedAt } = parse(stored);
        const { namespace, id } = stored.key;
        return { namespace, name: id.slice(idPrefix.length), keyId, updatedAt };
      });
    },

    async rotate() {
      const changes = (await present()).flatMap((stored): StorageChange[] => {
        const old = parse(stored);
        if (old.keyId === keyring.currentKeyId) return [];
        const place = placeOf(stored.key);
        const sealed = keyring.seal(keyring.open(old, place), place);
        return [entryOf(stored.key, sealed, old.updatedAt, stored.oid)];
      });
      await storage.apply({ changes });
      return changes.length;
    },
  };
}

function keyOf(namespace: string, name: string): ResourceKey {
  return { kind: 'state', namespace, id: `${idPrefix}${name.toUpperCase()}` };
}

/** Is bound into the encryption: a record that is moved to another name or namespace cannot be decrypted there. */
function placeOf({ namespace, id }: ResourceKey): string {
  return `secret "${id.slice(idPrefix.length)}" of ${namespace === '' ? 'all namespaces' : namespace}`;
}

function parse({ key, content }: StoredContent): SecretRecord {
  try {
    return record.parse(JSON.parse(Buffer.from(content).toString()));
  } catch {
    throw new SecretUnreadableError(`${placeOf(key)} is damaged in storage.`, {
      hint: 'Store the secret again.',
    });
  }
}

/** `a.b` → `a.b`, `a`, ``. */
function withAncestors(namespace: string): string[] {
  const all = [namespace];
  for (let dot = namespace.lastIndexOf('.'); dot > 0; dot = namespace.lastIndexOf('.', dot - 1)) {
    all.push(namespace.slice(0, dot));
  }
  return namespace === '' ? all : [...all, ''];
}

function unfitName(name: string): InvalidPropertiesError {
  return new InvalidPropertiesError(`${JSON.stringify(name)} is no name for a secret.`, {
    hint: 'Use at most 100 letters, digits, ".", "_" and "-", beginning with a letter or digit.',
  });
}
