import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { createGit, type GitEntry, type RemoteOptions } from '../../../src/git/index.js';
import { type GitServer, startGitServer } from '../../../src/testing/index.js';
import { BareRepository, type Files, temporaryDirectory } from '../../support/bare-repository.js';
import { bytesDown } from '../mirror/traffic.js';

const count = 4800;
const largeBytes = 1_000_000;
const contentOf = (number: number) => `id: flow-${number}\nseed: ${Math.sin(number)}\n`;

let root: string;
let server: GitServer;
let repository: BareRepository;
beforeAll(async () => {
  const { path, remove } = await temporaryDirectory();
  root = path;
  const files: Files = { 'README.md': 'read me', '_files/large.bin': randomBytes(largeBytes) };
  for (let number = 0; number < count; number++)
    files[`_files/d${number % 50}/${number}`] = contentOf(number);
  repository = await BareRepository.create(join(root, 'many.git'), files);
  server = await startGitServer({ root });
  return async () => {
    await server.close();
    await remove();
  };
});

async function open(
  path: string,
  contents: 'all' | 'none',
  cacheDir?: string,
  limits?: RemoteOptions['limits'],
) {
  const remote = createGit().connect({ url: `${server.url}/many.git`, cacheDir, limits });
  const snapshot = await remote.openSnapshot({ branch: 'main' }, { path, contents });
  const entries: readonly GitEntry[] = (await snapshot.list(path)) ?? [];
  return {
    entries,
    /** @returns how many requests it took, and what came */
    async read(oids: readonly string[]) {
      server.requests.length = 0;
      const texts = new Map<string, string>();
      for (const [oid, content] of await snapshot.read(oids)) texts.set(oid, Buffer.from(content).toString());
      await remote.close();
      return { requests: server.requests.length, bytes: bytesDown(server), texts };
    },
  };
}

describe('of very many contents', () => {
  test.each(['_files', ''])('all below "%s" come in one request, and are remembered', async (path) => {
    const cacheDir = join(root, randomUUID());
    const { entries, read } = await open(path, 'none', cacheDir);
    const oids = entries.map(({ oid }) => oid);
    const { requests, texts } = await read(oids);
    expect(requests).toBe(1);
    for (const entry of entries) {
      const number = Number(entry.path.split('/').at(-1));
      if (!Number.isNaN(number)) expect(texts.get(entry.oid)).toBe(contentOf(number));
    }
    server.requests.length = 0;
    const again = await open(path, 'all', cacheDir);
    expect(server.requests).toHaveLength(1);
    expect((await again.read(oids)).requests).toBe(0);
  });

  test('all but a large one come without that one', async () => {
    const { entries, read } = await open('_files', 'none');
    const small = entries.filter(({ path }) => !path.endsWith('large.bin'));
    expect(small).toHaveLength(count);
    const { bytes, texts } = await read(small.map(({ oid }) => oid));
    expect(texts.size).toBe(count);
    expect(bytes).toBeLessThan(largeBytes);
  });

  test('all are asked for by their ids when the directory is too much at once', async () => {
    const limits = { maxContentBytes: largeBytes + 250_000 };
    const { entries, read } = await open('_files', 'none', undefined, limits);
    expect((await read(entries.map(({ oid }) => oid))).texts.size).toBe(count + 1);
  });

  test('few that changed come with deltas against large trees', async () => {
    const cacheDir = join(root, randomUUID());
    await (await open('_files', 'all', cacheDir)).read([]);
    await repository.commit({ '_files/d7/7': 'changed once' });
    await repository.commit({ '_files/d7/7': 'changed' });
    server.requests.length = 0;
    const { entries, read } = await open('_files', 'none', cacheDir);
    expect(entries).toHaveLength(count + 1);
    const changed = entries.find(({ path }) => path === '_files/d7/7')?.oid ?? '';
    const before = bytesDown(server);
    expect((await read([changed])).texts.get(changed)).toBe('changed');
    expect(before).toBeLessThan(2500);
  });

  test('a part comes alone', async () => {
    const all = await open('_files', 'none');
    const { bytes } = await all.read(all.entries.map(({ oid }) => oid));
    const some = await open('_files', 'none');
    const part = await some.read(
      some.entries
        .filter(({ path }) => !path.endsWith('large.bin'))
        .slice(0, count / 2)
        .map(({ oid }) => oid),
    );
    expect(part.texts.size).toBe(count / 2);
    expect(part.bytes).toBeLessThan((bytes - largeBytes) * 0.6);
  });
});
