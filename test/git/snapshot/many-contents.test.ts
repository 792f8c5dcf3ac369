import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { createGit, type GitEntry } from '../../../src/git/index.js';
import { type GitServer, startGitServer } from '../../../src/testing/index.js';
import { BareRepository, type Files, temporaryDirectory } from '../../support/bare-repository.js';
import { bytesDown } from '../mirror/traffic.js';

const count = 4800;
const contentOf = (number: number) => `id: flow-${number}\nseed: ${Math.sin(number)}\n`;

let root: string;
let server: GitServer;
let repository: BareRepository;
beforeAll(async () => {
  const { path, remove } = await temporaryDirectory();
  root = path;
  const files: Files = { 'README.md': 'read me' };
  for (let number = 0; number < count; number++)
    files[`_files/d${number % 50}/${number}`] = contentOf(number);
  repository = await BareRepository.create(join(root, 'many.git'), files);
  server = await startGitServer({ root });
  return async () => {
    await server.close();
    await remove();
  };
});

async function open(path: string, contents: 'all' | 'none', cacheDir?: string) {
  const remote = createGit().connect({ url: `${server.url}/many.git`, cacheDir });
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
  test.each(['_files', ''])('nearly all below "%s" come in one request, and are remembered', async (path) => {
    const cacheDir = join(root, randomUUID());
    const { entries, read } = await open(path, 'none', cacheDir);
    const wanted = entries.filter((entry) => entry.path.startsWith('_files/'));
    const { requests, texts } = await read(wanted.map(({ oid }) => oid));
    expect(requests).toBe(1);
    for (const entry of wanted) {
      const number = Number(entry.path.split('/').at(-1));
      expect(texts.get(entry.oid)).toBe(contentOf(number));
    }
    server.requests.length = 0;
    const again = await open(path, 'all', cacheDir);
    expect(server.requests).toHaveLength(1);
    expect((await again.read(wanted.map(({ oid }) => oid))).requests).toBe(0);
  });

  test('few that changed come with deltas against large trees', async () => {
    const cacheDir = join(root, randomUUID());
    await (await open('_files', 'all', cacheDir)).read([]);
    await repository.commit({ '_files/d7/7': 'changed once' });
    await repository.commit({ '_files/d7/7': 'changed' });
    server.requests.length = 0;
    const { entries, read } = await open('_files', 'none', cacheDir);
    expect(entries).toHaveLength(count);
    const changed = entries.find(({ path }) => path === '_files/d7/7')?.oid ?? '';
    const before = bytesDown(server);
    expect((await read([changed])).texts.get(changed)).toBe('changed');
    expect(before).toBeLessThan(2500);
  });

  test('a part comes alone', async () => {
    const all = await open('_files', 'none');
    const { bytes } = await all.read(all.entries.map(({ oid }) => oid));
    const some = await open('_files', 'none');
    const part = await some.read(some.entries.slice(0, count / 2).map(({ oid }) => oid));
    expect(part.texts.size).toBe(count / 2);
    expect(part.bytes).toBeLessThan(bytes * 0.6);
  });
});
