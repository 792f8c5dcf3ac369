import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import { type TokenScope, tokenScope } from '../../../schemas/api.js';
import type { ResourceKey } from '../../../schemas/resources.js';
import { InvalidPropertiesError, NotFoundError } from '../../errors.js';
import type { StorageAdapter, StoredContent } from '../../storage/types.js';

/**
 * Who may use the API. A token is `fgt_ID_SECRET`; storage has the SHA-256 of the secret, which is 256 random bits, so
 * that nothing slower is needed and whoever reads the storage cannot use it.
 */
export interface TokenStore {
  /** The text of the token is told here and never again. */
  create(token: NewToken): Promise<{ text: string; token: Token }>;
  list(): Promise<Token[]>;
  /** @throws NotFoundError */
  revoke(id: string): Promise<void>;
  /** The token that a text is, or null when it is none, was revoked or has expired. */
  verify(text: string): Promise<Token | null>;
  /** Whether there are any, expired ones included. */
  any(): Promise<boolean>;
}

export interface NewToken {
  name: string;
  scopes: readonly TokenScope[];
  /** These and those below them; null for all. */
  namespaces: readonly string[] | null;
  expiresAt: Date | null;
}

export interface Token {
  id: string;
  name: string;
  scopes: TokenScope[];
  namespaces: string[] | null;
  createdAt: string;
  expiresAt: string | null;
}

const record = z.object({
  version: z.literal(1),
  name: z.string(),
  scopes: z.array(tokenScope),
  namespaces: z.array(z.string()).nullable(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});

const idPrefix = 'token/';
const textPattern = /^fgt_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;

export function openTokenStore(storage: StorageAdapter, clock: () => Date = () => new Date()): TokenStore {
  const keys = async (): Promise<ResourceKey[]> => {
    const entries = await storage.list({ kind: 'state', namespace: '', children: false });
    return entries.flatMap(({ key }) => (key.id.startsWith(idPrefix) ? [key] : []));
  };

  return {
    async create({ name, scopes, namespaces, expiresAt }) {
      if (scopes.length === 0) {
        throw new InvalidPropertiesError('A token needs a scope.', { hint: 'read, run, write or admin.' });
      }
      const id = randomBytes(8).toString('hex');
      const secret = randomBytes(32).toString('base64url');
      const content = record.parse({
        version: 1,
        name,
        scopes,
        namespaces,
        createdAt: clock().toISOString(),
        expiresAt: expiresAt?.toISOString() ?? null,
        hash: digest(secret).toString('hex'),
      });
      await storage.apply({
        changes: [
          { action: 'put', key: keyOf(id), content: Buffer.from(JSON.stringify(content)), expectedOid: null },
        ],
      });
      return { text: `fgt_${id}_${secret}`, token: tokenOf(id, content) };
    },

    async list() {
      const contents = await storage.read(await keys());
      const tokens = contents.flatMap((stored) => {
        const parsed = stored === null ? null : parse(stored);
        return stored === null || parsed === null ? [] : [tokenOf(idOf(stored.key), parsed)];
      });
      return tokens.sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
    },

    async revoke(id) {
      const key = keyOf(id);
      const [stored = null] = /^[0-9a-f]{16}$/.test(id) ? await storage.read([key]) : [];
      if (stored === null) {
        throw new NotFoundError('There is no token of that id.', {
          hint: 'The list of tokens shows those there are.',
        });
      }
      await storage.apply({ changes: [{ action: 'delete', key, expectedOid: stored.oid }] });
    },

    async verify(text) {
      const [, id, secret] = textPattern.exec(text) ?? [];
      if (id === undefined || secret === undefined) return null;
      const [stored = null] = await storage.read([keyOf(id)]);
      const parsed = stored === null ? null : parse(stored);
      // Compared also where there is nothing to compare with: an id that exists must not answer slower.
      const expected = Buffer.from(parsed?.hash ?? '0'.repeat(64), 'hex');
      const same = timingSafeEqual(digest(secret), expected);
      if (!same || parsed === null) return null;
      const expired = parsed.expiresAt !== null && Date.parse(parsed.expiresAt) <= clock().getTime();
      return expired ? null : tokenOf(id, parsed);
    },

    async any() {
      return (await keys()).length > 0;
    },
  };
}

function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

function keyOf(id: string): ResourceKey {
  return { kind: 'state', namespace: '', id: `${idPrefix}${id}` };
}

function idOf(key: ResourceKey): string {
  return key.id.slice(idPrefix.length);
}

/** A record that cannot be understood lets nobody in. */
function parse({ content }: StoredContent): z.output<typeof record> | null {
  try {
    return record.parse(JSON.parse(Buffer.from(content).toString()));
  } catch {
    return null;
  }
}

function tokenOf(id: string, { version: _, hash: __, ...told }: z.output<typeof record>): Token {
  return { id, ...told };
}
