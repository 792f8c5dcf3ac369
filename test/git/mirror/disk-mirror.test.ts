import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { createGit, type RemoteOptions } from '../../../src/git/index.js';
import { hashBlob } from '../../../src/git/objects/hash.js';
import type { Logger } from '../../../src/logger.js';
import { silentLogger } from '../../../src/logger.js';
import type { BareRepository } from '../../support/bare-repository.js';
import { useGitWorld } from '../../support/served-repository.js';
import { bytesDown, downloads, speakingV0 } from './traffic.js';

const world = useGitWorld();
const fileCount = 300;

let name: string;
let repository: BareRepository;
let expected: Map<string, string>;

beforeAll(async () => {
  const files: Record<string, string> = {};
  for (let number = 0; number < fileCount; number++) {
    files[`flows/d${number % 7}/f${number}.yml`] = `id: f${number}\nnoise: ${Math.sin(number)}\n`;
  }
  ({ name, repository } = await world.create(files));
  expected = new Map(Object.entries(files).map(([path, content]) => [path, content]));
});

function newCache(): string {
  return join(world.root, `cache-${randomUUID()}`);
}

/** What one run of a process sees: everything below a path, with contents. */
async function sync(
  url: string,
  options: Partial<RemoteOptions>,
  path = 'flows',
  contents: 'all' | 'none' = 'all',
) {
  const remote = createGit().connect({ url, ...options });
  try {
    const snapshot = await remote.openSnapshot({ branch: 'main' }, { path, contents });
    const entries = (await snapshot.list(path)) ?? [];
    const blobs = await snapshot.read(entries.map(({ oid }) => oid));
    return new Map(entries.map((entry) => [entry.path, Buffer.from(blobs.get(entry.oid) ?? []).toString()]));
  } finally {
    await remote.close();
  }
}

async function filesOf(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function sizeOf(directory: string): Promise<number> {
  const sizes = await Promise.all((await filesOf(directory)).map(async (path) => (await stat(path)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

describe('a mirror', () => {
  test('serves a commit that it has to other processes, each with a request for refs', async () => {
    const server = await world.serve();
    const cacheDir = newCache();
    const url = `${server.url}/${name}`;
    expect(await sync(url, { cacheDir })).toEqual(expected);
    server.requests.length = 0;
    for (const path of ['flows', 'flows/d3']) {
      const below = [...expected].filter(([file]) => file.startsWith(`${path}/`));
      expect(await sync(url, { cacheDir }, path)).toEqual(new Map(below));
    }
    expect(server.requests).toHaveLength(2);
    expect(downloads(server)).toBe(0);
  });

  test('is readable by its owner alone, and names neither the remote nor who asked it', async () => {
    const server = await world.serve({ auth: { username: 'zoe-unseen', password: 'hunter2-secret' } });
    const cacheDir = newCache();
    const url = server.url.replace('//', '//zoe-unseen:hunter2-secret@');
    await sync(`${url}/${name}`, { cacheDir });
    const files = await filesOf(cacheDir);
    expect(files.length).toBeGreaterThan(1);
    for (const path of files) {
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      expect((await stat(join(path, '..'))).mode & 0o777).toBe(0o700);
      const content = `${path}\n${await readFile(path, 'latin1')}`;
      const elsewhere = content.split(cacheDir).join('');
      const words = ['zoe-unseen', 'hunter2', '127.0.0.1', name];
      expect(words.filter((word) => elsewhere.includes(word))).toEqual([]);
    }
  });

  test('is shared by those whose credentials differ, and closed to those who have none', async () => {
    const server = await world.serve({ auth: { username: 'ada', password: 'secret' } });
    const cacheDir = newCache();
    const url = `${server.url}/${name}`;
    await sync(url, { cacheDir, username: 'ada', password: 'secret' });
    server.requests.length = 0;
    for (const options of [{ username: 'ada', password: 'wrong' }, {}]) {
      await expect(sync(url, { cacheDir, ...options })).rejects.toMatchObject({
        code: 'AUTHENTICATION_FAILED',
      });
    }
    expect(bytesDown(server)).toBe(0);
    const inUrl = url.replace('//', '//ada:secret@');
    expect(await sync(inUrl, { cacheDir })).toEqual(expected);
    expect(downloads(server)).toBe(0);
  });

  test('gives what is read once when it has it, and keeps nothing of that, whoever holds its lock', async () => {
    const server = await world.serve();
    const cacheDir = newCache();
    const url = `${server.url}/${name}`;
    const path = 'flows/d3';
    await sync(url, { cacheDir }, path);
    const before = await filesOf(cacheDir);
    const lock = join(before[0] ?? '', '..', 'lock');
    await writeFile(lock, JSON.stringify({ pid: 1, host: 'elsewhere', startedAt: 0, token: '' }));
    server.requests.length = 0;

    const remote = createGit().connect({ url, cacheDir });
    const snapshot = await remote.openSnapshot({ branch: 'main' }, { path, contents: 'none' });
    const readOnce = async (content: string | undefined) => {
      const bytes = Buffer.from(content ?? '');
      const oid = hashBlob(bytes);
      expect(bytes.equals((await snapshot.read([oid], { once: true })).get(oid) ?? Buffer.of())).toBe(true);
    };
    await readOnce(expected.get('flows/d3/f3.yml'));
    expect(downloads(server)).toBe(0);
    await readOnce(expected.get('flows/d4/f4.yml'));
    expect(downloads(server)).toBe(1);
    await remote.close();
    await rm(lock);
    expect(await filesOf(cacheDir)).toEqual(before);
  });

  test('may be removed at any moment', async () => {
    const server = await world.serve();
    const cacheDir = newCache();
    const url = `${server.url}/${name}`;
    let removing = true;
    const remover = (async () => {
      while (removing) {
        await rm(cacheDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }).catch(() => {});
        await delay(3);
      }
    })();
    for (let run = 0; run < 8; run++) {
      const both = await Promise.all([sync(url, { cacheDir }), sync(url, { cacheDir }, 'flows', 'none')]);
      expect(both).toEqual([expected, expected]);
    }
    removing = false;
    await remover;
  });

  test('whose disk cannot be written is a warning, and everything works', async () => {
    const server = await world.serve();
    const url = `${server.url}/${name}`;
    const occupied = newCache();
    await writeFile(occupied, 'a file');
    const warnings: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (_fields, message) => warnings.push(message) };
    expect(await sync(url, { cacheDir: occupied, logger })).toEqual(expected);
    expect(await sync(url, { cacheDir: join(occupied, 'below'), logger })).toEqual(expected);
    expect(warnings).toEqual(Array.from({ length: 2 }, () => 'mirror cannot be written, going on without'));
  });

  test('whose lock nobody can read is a warning too, and nobody waits for it', async () => {
    const server = await world.serve();
    const url = `${server.url}/${name}`;
    const cacheDir = newCache();
    await sync(url, { cacheDir });
    const [mirror = ''] = await readdir(join(cacheDir, 'mirrors'));
    const directory = join(cacheDir, 'mirrors', mirror);
    await rm(directory, { recursive: true });
    await mkdir(directory);
    await symlink('lock', join(directory, 'lock'));
    const warnings: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (_fields, message) => warnings.push(message) };
    expect(await sync(url, { cacheDir, logger })).toEqual(expected);
    expect(warnings).toEqual(['mirror cannot be written, going on without']);
  });

  test('whose lock is a directory has that removed', async () => {
    const server = await world.serve();
    const cacheDir = newCache();
    const url = `${server.url}/${name}`;
    await sync(url, { cacheDir }, 'flows/d3');
    const lock = join((await filesOf(cacheDir))[0] ?? '', '..', 'lock');
    await mkdir(join(lock, 'below'), { recursive: true });
    const warnings: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (_fields, message) => warnings.push(message) };
    expect(await sync(url, { cacheDir, logger })).toEqual(expected);
    await expect(stat(lock)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(warnings).toEqual([]);
  });

  test('whose manifest is a directory is rebuilt', async () => {
    const server = await world.serve();
    const url = `${server.url}/${name}`;
    const cacheDir = newCache();
    await sync(url, { cacheDir });
    const first = await sizeOf(cacheDir);
    const [mirror = ''] = await readdir(join(cacheDir, 'mirrors'));
    const manifest = join(cacheDir, 'mirrors', mirror, 'manifest');
    await rm(manifest);
    await mkdir(join(manifest, 'below'), { recursive: true });
    expect(await sync(url, { cacheDir })).toEqual(expected);
    server.requests.length = 0;
    expect(await sync(url, { cacheDir })).toEqual(expected);
    expect(downloads(server)).toBe(0);
    expect(await sizeOf(cacheDir)).toBeLessThan(first * 2.5);
  });

  test('that can only be read is read', async () => {
    const server = await world.serve();
    const cacheDir = newCache();
    const url = `${server.url}/${name}`;
    await sync(url, { cacheDir });
    const [mirror = ''] = await readdir(join(cacheDir, 'mirrors'));
    const directory = join(cacheDir, 'mirrors', mirror);
    await chmod(directory, 0o500);
    server.requests.length = 0;
    expect(await sync(url, { cacheDir })).toEqual(expected);
    expect(downloads(server)).toBe(0);
    await chmod(directory, 0o700);
  });

  test('stays small in number of files and in size however often the branch changes', async () => {
    const own = await world.create({ ...Object.fromEntries(expected) });
    const server = await world.serve();
    const cacheDir = newCache();
    const url = `${server.url}/${own.name}`;
    await sync(url, { cacheDir });
    const first = await sizeOf(cacheDir);
    for (let revision = 1; revision <= 30; revision++) {
      const changed = `flows/d${revision % 7}/f${revision}.yml`;
      await own.repository.commit({ [changed]: `revision: ${revision}\n` });
      const seen = await sync(url, { cacheDir }, 'flows', 'none');
      expect(seen.get(changed)).toBe(`revision: ${revision}\n`);
      expect(seen.size).toBe(fileCount);
    }
    const named = await namedLayers(cacheDir);
    expect(named.size).toBeLessThanOrEqual(9);
    const [mirror = ''] = await readdir(join(cacheDir, 'mirrors'));
    const sizes = await Promise.all(
      [...named].map(async (layer) => (await stat(join(cacheDir, 'mirrors', mirror, layer))).size),
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(first * 3);
  });
});

/** Names that the manifests list. */
async function namedLayers(cacheDir: string): Promise<Set<string>> {
  const manifests = (await filesOf(cacheDir)).filter((path) => path.endsWith('/manifest'));
  const names = await Promise.all(
    manifests.map(async (path) => (await readFile(path, 'utf8')).match(/[\da-f]{32}\.layer/g) ?? []),
  );
  return new Set(names.flat());
}

describe('a damaged mirror', () => {
  test('never gives a wrong object, and is rebuilt', async () => {
    const server = await world.serve();
    const cacheDir = newCache();
    const url = `${server.url}/${name}`;
    await sync(url, { cacheDir });
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.constantFrom('flip', 'cut', 'zero', 'grow'),
        fc.nat({ max: 7 }),
        async (which, place, damage, bit) => {
          const files = await filesOf(cacheDir);
          const path = files[which % files.length] ?? '';
          const content = await readFile(path);
          const at = Math.floor(place * content.length);
          if (damage === 'flip') content[at] = (content[at] ?? 0) ^ (1 << bit);
          if (damage === 'zero') content.fill(0, at, Math.min(at + 600, content.length));
          await writeFile(path, damage === 'cut' ? content.subarray(0, at) : content);
          if (damage === 'grow') await writeFile(path, Buffer.concat([content, content.subarray(0, at)]));
          expect(await sync(url, { cacheDir }, 'flows', bit % 2 ? 'none' : 'all')).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
    await sync(url, { cacheDir });
    server.requests.length = 0;
    expect(await sync(url, { cacheDir })).toEqual(expected);
    expect(downloads(server)).toBe(0);
  });
});

describe('a damaged mirror of a server without filters', () => {
  test('is rebuilt when a commit is built upon it', async () => {
    const files: Record<string, string> = { other: 'x' };
    for (let number = 0; number < 60; number++) files[`flows/f${number}.yml`] = `id: f${number}\n`;
    const { name: own, repository: served } = await world.create(files);
    const config = { 'uploadpack.allowFilter': 'false' };
    const server = await world.serve({ config, intercept: speakingV0 });
    const cacheDir = newCache();
    const url = `${server.url}/${own}`;
    const wanted = new Map(Object.entries(files).filter(([path]) => path.startsWith('flows/')));
    expect(await sync(url, { cacheDir })).toEqual(wanted);
    for (const contents of ['none', 'all'] as const) {
      wanted.set('flows/f1.yml', `changed: ${contents}\n`);
      await served.commit({ 'flows/f1.yml': `changed: ${contents}\n` });
      for (const layer of (await filesOf(cacheDir)).filter((file) => file.endsWith('.layer'))) {
        const damaged = (await readFile(layer, 'latin1')).replaceAll('id: f2', 'id: g2');
        await writeFile(layer, damaged, 'latin1');
      }
      expect(await sync(url, { cacheDir }, 'flows', contents)).toEqual(wanted);
    }
  });
});

describe('a bounded mirror', () => {
  test('loses the least recently used first, and itself last', async () => {
    const server = await world.serve();
    const cacheDir = newCache();
    const names = [name];
    for (let other = 0; other < 3; other++)
      names.push((await world.create(Object.fromEntries(expected))).name);
    const [first = '', second = '', third = '', fourth = ''] = names.map((own) => `${server.url}/${own}`);
    await sync(first, { cacheDir });
    const one = await sizeOf(cacheDir);
    await sync(second, { cacheDir });
    await sync(third, { cacheDir });
    const long = new Date(Date.now() - 3_600_000);
    for (const path of await filesOf(cacheDir)) await utimes(path, long, long);
    await sync(first, { cacheDir });
    await sync(fourth, { cacheDir, cacheMaxBytes: Math.round(one * 2.5) });
    expect(await sizeOf(cacheDir)).toBeLessThanOrEqual(one * 2.5);
    server.requests.length = 0;
    await sync(first, { cacheDir });
    await sync(fourth, { cacheDir });
    expect(downloads(server)).toBe(0);

    await sync(second, { cacheDir, cacheMaxBytes: 1000 });
    expect(await sizeOf(cacheDir)).toBeLessThanOrEqual(1000);
  });

  test('loses what was left by those who died', async () => {
    const server = await world.serve();
    const cacheDir = newCache();
    const url = `${server.url}/${name}`;
    await sync(url, { cacheDir });
    const [mirror = ''] = await readdir(join(cacheDir, 'mirrors'));
    const long = new Date(Date.now() - 3_600_000);
    for (const left of ['tmp-left', `${'a'.repeat(32)}.layer`]) {
      const path = join(cacheDir, 'mirrors', mirror, left);
      await writeFile(path, 'left');
      await utimes(path, long, long);
    }
    await sync(url, { cacheDir }, '');
    const files = (await filesOf(cacheDir)).join('\n');
    expect(files).not.toMatch(/tmp-|a{32}/);
  });
});

describe('several processes', () => {
  const script = join(import.meta.dirname, 'child.ts');

  function start(url: string, cacheDir: string, count = 1): ChildProcess {
    const args = ['--import', 'tsx', script, url, cacheDir, 'flows', String(count)];
    return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  }

  async function outputOf(child: ChildProcess): Promise<string> {
    let output = '';
    child.stdout?.on('data', (chunk) => {
      output += String(chunk);
    });
    await new Promise((resolve) => child.once('close', resolve));
    return output;
  }

  test('with ten tasks each fetch what one task fetches', async () => {
    const server = await world.serve();
    const url = `${server.url}/${name}`;
    await sync(url, { cacheDir: newCache() });
    const alone = downloads(server);
    server.requests.length = 0;
    const cacheDir = newCache();
    const outputs = await Promise.all(Array.from({ length: 5 }, () => outputOf(start(url, cacheDir, 10))));
    for (const output of outputs)
      expect(JSON.parse(output)).toEqual(Array.from({ length: 10 }, () => fileCount));
    expect(downloads(server)).toBe(alone);
    expect(server.requests).toHaveLength(50 + alone);
  });

  test('may be killed at any moment', async () => {
    const server = await world.serve();
    const url = `${server.url}/${name}`;
    const cacheDir = newCache();
    let killed = 0;
    for (let round = 0; killed < 30; round++) {
      await rm(cacheDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
      await mkdir(cacheDir);
      const before = server.requests.length;
      const children = Array.from({ length: 3 }, () => start(url, cacheDir));
      const ended = children.map((child) => outputOf(child));
      // The moment at which it fetches and writes, give or take.
      while (server.requests.length === before) await delay(1);
      await delay((round % 10) * 8);
      for (const child of children) if (child.kill('SIGKILL')) killed++;
      await Promise.all(ended);
      const from = performance.now();
      expect(await sync(url, { cacheDir })).toEqual(expected);
      expect(performance.now() - from).toBeLessThan(3000);
    }
    server.requests.length = 0;
    expect(await sync(url, { cacheDir })).toEqual(expected);
    expect(downloads(server)).toBe(0);
  });
});

describe('a push', () => {
  test('brings next to nothing down where the mirror knows the branch', async () => {
    const own = await world.create({ ...Object.fromEntries(expected) });
    const server = await world.serve();
    const options = { cacheDir: newCache() };
    const url = `${server.url}/${own.name}`;
    const push = async (number: number) => {
      const remote = createGit().connect({ url, ...options });
      const base = await remote.openForPush('main', { path: 'flows', contents: 'none' });
      expect(await base.snapshot?.list('flows')).toHaveLength(fileCount);
      const changes = Array.from({ length: 10 }, (_, file) => ({
        path: `flows/d${file % 7}/f${file}.yml`,
        content: Buffer.from(`pushed: ${number}\n`),
      }));
      const author = { name: 'Ada', email: 'ada@example.org', timestamp: 1_700_000_000, timezoneOffset: 0 };
      await remote.push(base, { changes, message: 'push', author });
      await remote.close();
    };
    await push(1);
    const cold = bytesDown(server);
    server.requests.length = 0;
    await push(2);
    expect(bytesDown(server)).toBeLessThan(cold / 2);
    expect(server.requests.length).toBeLessThanOrEqual(5);
    await own.repository.fsck();
    expect(await repository.commitCount()).toBe(1);
  });
});
