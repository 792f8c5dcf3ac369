import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readKeyring } from '../../src/secrets/keyring.js';
import { openSecretStore } from '../../src/secrets/stored.js';
import { createMemoryStorage, type StorageAdapter } from '../../src/storage/index.js';

const [oldKey, newKey] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];
const clock = () => new Date('2026-01-02T03:04:05Z');

async function everythingIn(storage: StorageAdapter): Promise<string> {
  const entries = await storage.list({ kind: 'state', namespace: '', children: true });
  const contents = await storage.read(entries.map(({ key }) => key));
  return contents.map((stored) => Buffer.from(stored?.content ?? '').toString()).join('\n');
}

describe('stored secrets', () => {
  it('come back to a run of their namespace and those below it, the nearest first, and to no other', async () => {
    const store = openSecretStore(createMemoryStorage(), readKeyring(oldKey));
    await store.put('', 'TOKEN', 'everywhere');
    await store.put('company.team', 'token', 'of the team');
    expect(await store.get('Token', 'company.team.sub')).toBe('of the team');
    expect(await store.get('TOKEN', 'company.team')).toBe('of the team');
    expect(await store.get('TOKEN', 'company.team2')).toBe('everywhere');
    expect(await store.get('TOKEN')).toBe('everywhere');
    await store.remove('', 'TOKEN');
    expect(await store.get('TOKEN', 'company')).toBeNull();
    await expect(store.remove('', 'TOKEN')).rejects.toMatchObject({ code: 'SECRET_NOT_FOUND' });
  });

  it('keep any text, and show none of it in storage', async () => {
    const storage = createMemoryStorage();
    const store = openSecretStore(storage, readKeyring(oldKey));
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 8 }), async (value) => {
        await store.put('company', 'TOKEN', value);
        expect(await store.get('TOKEN', 'company')).toBe(value);
        const kept = await everythingIn(storage);
        expect(kept).not.toContain(value);
        expect(kept).not.toContain(Buffer.from(value).toString('base64').replace(/=+$/, ''));
      }),
      { numRuns: 50 },
    );
  });

  it('are listed without their values, with the key that encrypts them', async () => {
    const keyring = readKeyring(oldKey);
    const store = openSecretStore(createMemoryStorage(), keyring, clock);
    await store.put('company', 'a', 'hunter2');
    const expected = { namespace: 'company', name: 'A', updatedAt: '2026-01-02T03:04:05.000Z' };
    expect(await store.list()).toEqual([{ ...expected, keyId: keyring.currentKeyId }]);
    expect(keyring.currentKeyId).toMatch(/^[0-9a-f]{12}$/);
  });

  it('are encrypted anew when the key is replaced, after which the old one may be forgotten', async () => {
    const storage = createMemoryStorage();
    const before = openSecretStore(storage, readKeyring(oldKey), clock);
    await before.put('company', 'A', 'one');
    await before.put('', 'B', 'two');
    const both = openSecretStore(storage, readKeyring(`${newKey}\n${oldKey}\n`));
    await both.put('company', 'C', 'three');
    expect(await both.get('A', 'company')).toBe('one');
    expect(await both.rotate()).toBe(2);
    expect(await both.rotate()).toBe(0);
    const after = openSecretStore(storage, readKeyring(newKey));
    expect([await after.get('A', 'company'), await after.get('B'), await after.get('C', 'company')]).toEqual([
      'one',
      'two',
      'three',
    ]);
    await expect(before.get('A', 'company')).rejects.toMatchObject({
      code: 'SECRET_UNREADABLE',
      message: expect.stringContaining('which is not given'),
    });
  });

  it('that were altered, moved to another name or damaged are refused', async () => {
    const storage = createMemoryStorage();
    const store = openSecretStore(storage, readKeyring(oldKey));
    await store.put('company', 'A', 'value of a');
    await store.put('company', 'B', 'value of b');
    const keyOf = (name: string) => ({ kind: 'state', namespace: 'company', id: `secret/${name}` }) as const;
    const [a, b] = await storage.read([keyOf('A'), keyOf('B')]);
    const overwriteB = async (content: string) => {
      const [present] = await storage.read([keyOf('B')]);
      const change = { action: 'put', key: keyOf('B'), content: Buffer.from(content) } as const;
      await storage.apply({ changes: [{ ...change, expectedOid: present?.oid ?? null }] });
      await expect(store.get('B', 'company')).rejects.toMatchObject({ code: 'SECRET_UNREADABLE' });
    };
    await overwriteB(Buffer.from(a?.content ?? '').toString());
    const sealed = JSON.parse(Buffer.from(b?.content ?? '').toString()) as Record<string, string>;
    for (const field of ['nonce', 'ciphertext', 'tag']) {
      const bytes = Buffer.from(sealed[field] ?? '', 'base64');
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      await overwriteB(JSON.stringify({ ...sealed, [field]: bytes.toString('base64') }));
    }
    await overwriteB(JSON.stringify({ ...sealed, tag: (sealed.tag ?? '').slice(0, 4) }));
    await overwriteB('{}');
    expect(await store.get('A', 'company')).toBe('value of a');
  });

  it('refuse names that are none, and keys that are not 32 bytes, without quoting a key', async () => {
    const store = openSecretStore(createMemoryStorage(), readKeyring(oldKey));
    await expect(store.put('', 'a/b', 'x')).rejects.toMatchObject({ code: 'INVALID_PROPERTIES' });
    expect(await store.get('a/b')).toBeNull();
    for (const text of ['', 'hunter2hunter2', `${oldKey}, hunter2hunter2`, oldKey.slice(4)]) {
      let failure: unknown = null;
      try {
        readKeyring(text);
      } catch (error) {
        failure = error;
      }
      expect(failure).toMatchObject({ code: 'INVALID_PROPERTIES', hint: expect.any(String) });
      expect(String(failure)).not.toContain('hunter2');
    }
  });
});
