import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { directorySecrets } from '../../src/secrets/directory.js';
import { decodeVariable, knownSecrets } from '../../src/secrets/environment.js';
import { fileSecrets } from '../../src/secrets/file.js';
import { firstOf } from '../../src/secrets/types.js';
import { temporaryDirectory } from '../storage/temporary-directory.js';

describe('secrets of the environment', () => {
  it('are base64, with or without padding and line breaks', () => {
    expect(decodeVariable('aHVudGVyMg==')).toBe('hunter2');
    expect(decodeVariable('aHVu\ndGVyMg')).toBe('hunter2');
    expect(decodeVariable('not base64!')).toBeNull();
    expect(decodeVariable('aHVud')).toBeNull();
  });

  it('are asked for in any letter case', async () => {
    expect(await knownSecrets(new Map([['TOKEN', 't']])).get('token')).toBe('t');
  });
});

describe('a directory of secrets', () => {
  it('has one file per secret, behind links as Kubernetes mounts them, and follows their changes', async () => {
    const directory = temporaryDirectory();
    for (const [version, value] of [
      ['..2026_1', 'first\n'],
      ['..2026_2', 'second\n'],
    ] as const) {
      await mkdir(join(directory, version));
      await writeFile(join(directory, version, 'github-token'), value);
    }
    await symlink('..2026_1', join(directory, '..data'));
    await symlink('..data/github-token', join(directory, 'github-token'));
    const secrets = directorySecrets(directory);
    expect(await secrets.get('GITHUB-TOKEN')).toBe('first');
    await writeFile(join(directory, '..2026_1', 'github-token'), 'changed');
    expect(await secrets.get('github-token')).toBe('changed');
  });

  it('keeps the lines of a key, and prefers a name in the very letter case', async () => {
    const directory = temporaryDirectory();
    await writeFile(join(directory, 'KEY'), '-----BEGIN\nabc\n-----END\n');
    await writeFile(join(directory, 'key'), 'other');
    expect(await directorySecrets(directory).get('KEY')).toBe('-----BEGIN\nabc\n-----END\n');
    expect(await directorySecrets(directory).get('key')).toBe('other');
  });

  it('gives nothing outside itself, whatever the name', async () => {
    const root = temporaryDirectory();
    await mkdir(join(root, 'secrets/..data'), { recursive: true });
    await writeFile(join(root, 'outside'), 'no');
    await writeFile(join(root, 'secrets/..data/inner'), 'no');
    for (const name of ['../outside', join(root, 'outside'), '..', '.', '..data/inner', '..data', '']) {
      expect(await directorySecrets(join(root, 'secrets')).get(name)).toBeNull();
    }
  });

  it('that cannot be read is an error, and not empty', async () => {
    const root = temporaryDirectory();
    await mkdir(join(root, 'TOKEN'));
    const failure = { code: 'SECRET_UNREADABLE', hint: expect.any(String) };
    await expect(directorySecrets(root).get('TOKEN')).rejects.toMatchObject(failure);
    await expect(directorySecrets(join(root, 'missing')).get('TOKEN')).rejects.toMatchObject(failure);
  });
});

describe('a file of secrets', () => {
  it('maps names to texts, as YAML or JSON, and follows its changes', async () => {
    const file = join(temporaryDirectory(), 'secrets.yml');
    await writeFile(file, 'token: hunter2\nkey: |\n  one\n  two\n');
    const secrets = fileSecrets(file);
    expect(await secrets.get('TOKEN')).toBe('hunter2');
    expect(await secrets.get('KEY')).toBe('one\ntwo\n');
    expect(await secrets.get('constructor')).toBeNull();
    await writeFile(file, '{"TOKEN": "changed"}');
    expect(await secrets.get('token')).toBe('changed');
  });

  it('says what is wrong with it without quoting it', async () => {
    const file = join(temporaryDirectory(), 'secrets.yml');
    const bad = ['TOKEN: 12345678', '- hunter2', 'hunter2', 'a: b\n  TOKEN: "hunter2', ''];
    for (const text of bad) {
      await writeFile(file, text);
      const failure: unknown = await fileSecrets(file)
        .get('TOKEN')
        .catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 'SECRET_UNREADABLE' });
      const shown = JSON.stringify(failure, Object.getOwnPropertyNames(failure));
      expect(shown).not.toContain('hunter2');
      expect(shown).not.toContain('12345678');
    }
    await expect(fileSecrets(`${file}.none`).get('A')).rejects.toMatchObject({ code: 'SECRET_UNREADABLE' });
  });
});

describe('several providers', () => {
  it('are asked in their order, and one that fails is not passed over', async () => {
    const first = knownSecrets(new Map([['A', '1']]));
    const second = knownSecrets(
      new Map([
        ['A', '2'],
        ['B', '2'],
      ]),
    );
    const both = firstOf([first, second]);
    expect([await both.get('a'), await both.get('b'), await both.get('c')]).toEqual(['1', '2', null]);
    const broken = firstOf([fileSecrets('/nowhere/secrets.yml'), second]);
    await expect(broken.get('B')).rejects.toMatchObject({ code: 'SECRET_UNREADABLE' });
  });
});
