import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openStorage } from '../../src/storage/index.js';
import { apply, flow, put } from '../../src/testing/storage-contract/case.js';
import { temporaryDirectory } from './temporary-directory.js';

describe('openStorage', () => {
  it('opens storage in memory', async () => {
    const storage = await openStorage('memory:');
    expect(storage.location).toBe('memory:');
  });

  it('opens a directory by a relative path, an absolute path and a file URL', async () => {
    const cwd = join(temporaryDirectory(), 'with space');
    for (const url of [
      'file:data',
      'file:./data',
      `file:${cwd}/data`,
      pathToFileURL(join(cwd, 'data')).href,
    ]) {
      const storage = await openStorage(url, { cwd });
      expect(storage.location).toBe(`file:${join(cwd, 'data')}`);
    }
    await apply(await openStorage('file:./data', { cwd }), put(flow('company.team', 'a'), 'id: a\n'));
    expect(existsSync(join(cwd, 'data/flows/company.team/a.yml'))).toBe(true);
  });

  it('names what is supported, and never what stands in the URL', async () => {
    const urls = [
      'postgres://user:s3cret@db.example/flows?tenant=Not a Tenant',
      'postgres://user:s3cret%ZZ@db.example/flows',
      'postgres://user:s3cret@db.example:port/flows',
      'postgres:/user:s3cret@db.example/flows',
      'postgresql:user:s3cret@db.example/flows',
      'kestra+https://user:s3cret@kestra.example/main',
      'pglite:',
      'pglite:s3cret?tenant=-',
      'user:s3cret@somewhere',
      'file://s3cret/share',
      'file:',
      's3cret',
      '',
    ];
    for (const url of urls) {
      const failure: unknown = await openStorage(url).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 'UNSUPPORTED', hint: expect.any(String) });
      expect(`${failure instanceof Error ? failure.message : ''} ${JSON.stringify(failure)}`).not.toContain(
        's3cret',
      );
    }
  });
});
