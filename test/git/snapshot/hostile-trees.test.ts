import { describe, expect, test } from 'vitest';
import type { GitLimits, Snapshot } from '../../../src/git/index.js';
import { hashObject } from '../../../src/git/objects/hash.js';
import type { BareRepository } from '../../support/bare-repository.js';
import { runGit } from '../../support/grown-repository.js';
import { useGitWorld } from '../../support/served-repository.js';

const world = useGitWorld();

interface Line {
  mode: string;
  name: string | Buffer;
  oid: string;
}

/** Stores a tree that git's own commands would not make, and answers its id. */
async function storeTree({ path }: BareRepository, lines: readonly Line[]): Promise<string> {
  const bytes = Buffer.concat(
    lines.map(({ mode, name, oid }) =>
      Buffer.concat([
        Buffer.from(`${mode} `),
        Buffer.from(name as string),
        Buffer.from([0]),
        Buffer.from(oid, 'hex'),
      ]),
    ),
  );
  await runGit(path, ['hash-object', '-t', 'tree', '-w', '--literally', '--stdin'], bytes);
  return hashObject('tree', bytes);
}

async function storeBlob({ path }: BareRepository, text: string): Promise<string> {
  return (await runGit(path, ['hash-object', '-w', '--stdin'], text)).toString().trim();
}

async function commitTree({ path }: BareRepository, tree: string): Promise<void> {
  const commit = (await runGit(path, ['commit-tree', '-m', 'hostile', tree])).toString().trim();
  await runGit(path, ['update-ref', 'refs/heads/main', commit]);
}

async function open(name: string, path = '', limits: Partial<GitLimits> = {}): Promise<Snapshot> {
  const server = await world.serve();
  return world.connect(`${server.url}/${name}`, { limits }).openSnapshot({}, { path, contents: 'all' });
}

describe('a hostile entry is refused, by its path', () => {
  test('whatever makes it hostile', async () => {
    const { name, repository } = await world.create();
    const oid = await storeBlob(repository, 'owned');
    const file = (entry: string, mode = '100644') => ({ mode, name: entry, oid });
    const names = ['.git', '.GIT', 'git~1', '.g\u200cit', '..', '.', 'a/b', '.git ', 'a\\..\\b'];
    const hostile: [string, Line[]][] = [
      ...names.map((entry): [string, Line[]] => [entry, [file(entry)]]),
      ['twice', [file('twice'), file('twice', '120000')]],
      ['mode', [file('mode', '170000')]],
    ];
    const directories: Line[] = [];
    for (const [index, [, lines]] of hostile.entries()) {
      directories.push({ mode: '40000', name: `sub${10 + index}`, oid: await storeTree(repository, lines) });
    }
    await commitTree(repository, await storeTree(repository, directories));

    const snapshot = await open(name);
    for (const [index, [entry]] of hostile.entries()) {
      const directory = `sub${10 + index}`;
      await expect(snapshot.list(directory)).rejects.toMatchObject({
        code: 'UNSAFE_PATH',
        data: { directory, name: entry },
      });
    }
    await expect(snapshot.list('')).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
  });

  test('also on the way to the directory that is wanted', async () => {
    const { name, repository } = await world.create();
    const oid = await storeBlob(repository, 'owned');
    const flows = await storeTree(repository, [{ mode: '100644', name: 'a.yml', oid }]);
    const lines = [
      { mode: '100644', name: '.git', oid },
      { mode: '40000', name: '_flows', oid: flows },
    ];
    await commitTree(repository, await storeTree(repository, lines));
    const snapshot = await open(name, '_flows');
    await expect(snapshot.list('_flows')).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
  });
});

describe('a repository', () => {
  test('with historic modes and names that are not UTF-8 is read', async () => {
    const { name, repository } = await world.create();
    const oid = await storeBlob(repository, 'x');
    const lines = [
      { mode: '100664', name: 'a.yml', oid },
      { mode: '160000', name: 'module', oid: 'c'.repeat(40) },
      { mode: '100644', name: Buffer.from([0x75, 0xfc]), oid },
    ];
    await commitTree(repository, await storeTree(repository, lines));
    const snapshot = await open(name);
    expect(await snapshot.list('')).toEqual([
      { path: 'a.yml', mode: '100644', oid },
      { path: 'module', mode: '160000', oid: 'c'.repeat(40) },
      { path: 'u\ufffd', mode: '100644', oid },
    ]);
    await expect(snapshot.list('module')).rejects.toMatchObject({ code: 'DIRECTORY_NOT_FOUND' });
  });

  test('of few trees that name each other endlessly is LIMIT_EXCEEDED', async () => {
    const { name, repository } = await world.create();
    let oid = await storeBlob(repository, 'x');
    let mode = '100644';
    for (let level = 0; level < 12; level++) {
      const names = Array.from({ length: 10 }, (_, at) => `d${at}`);
      const child = { mode, oid };
      oid = await storeTree(
        repository,
        names.map((entry) => ({ ...child, name: entry })),
      );
      mode = '40000';
    }
    await commitTree(repository, oid);
    await expect((await open(name, '', { maxObjects: 50_000 })).list('')).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      data: { limit: 'maxObjects' },
    });
  });

  test('of empty trees that name each other endlessly is LIMIT_EXCEEDED', async () => {
    const { name, repository } = await world.create();
    let oid = await storeTree(repository, []);
    for (let level = 0; level < 12; level++) {
      const names = Array.from({ length: 10 }, (_, at) => `d${at}`);
      const child = oid;
      oid = await storeTree(
        repository,
        names.map((entry) => ({ mode: '40000', oid: child, name: entry })),
      );
    }
    await commitTree(repository, oid);
    await expect((await open(name, '', { maxObjects: 50_000 })).list('')).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
    });
  });

  test('with directories too deep within each other is LIMIT_EXCEEDED', async () => {
    const deep = await world.create({ [`${'d/'.repeat(60)}file`]: 'x' });
    expect(await (await open(deep.name)).list('')).toHaveLength(1);
    await expect((await open(deep.name, '', { maxTreeDepth: 50 })).list('')).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      data: { limit: 'maxTreeDepth', value: 50 },
    });
  });
});
