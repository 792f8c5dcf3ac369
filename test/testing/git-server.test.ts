import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { gitEnvironment } from '../support/bare-repository.js';
import { useGitWorld } from '../support/served-repository.js';

const world = useGitWorld();
const run = promisify(execFile);
const git = (cwd: string, ...args: string[]) =>
  run('git', args, { cwd, env: { ...gitEnvironment, GIT_TERMINAL_PROMPT: '0' } });

test('git itself clones from it, and pushes to it bodies that it compresses', async () => {
  const { name, repository } = await world.create({ 'a.yml': 'id: a\n' });
  const server = await world.serve({ auth: { username: 'ada', password: 'secret' } });
  const url = `${server.url}/${name}`.replace('//', '//ada:secret@');
  const work = join(world.root, 'work');
  await git(world.root, 'clone', '--quiet', url, work);
  expect(await readFile(join(work, 'a.yml'), 'utf8')).toBe('id: a\n');

  for (let branch = 0; branch < 40; branch++) await git(work, 'branch', `b${branch}`);
  await writeFile(join(work, 'b.yml'), 'id: b\n'.repeat(2000));
  await git(work, 'add', '.');
  await git(work, 'commit', '--quiet', '-m', 'b');
  await git(work, 'push', '--quiet', '--all');
  await git(work, 'fetch', '--quiet', '--all');
  expect(await repository.files()).toMatchObject({ 'b.yml': 'id: b\n'.repeat(2000) });
  await repository.fsck();
});

test('it refuses who has no credentials, and serves nothing outside of its root', async () => {
  const { name } = await world.create({ 'a.yml': 'id: a\n' });
  const server = await world.serve({ auth: { username: 'ada', password: 'secret' } });
  await expect(git(world.root, 'ls-remote', `${server.url}/${name}`)).rejects.toThrow(
    /could not read Username/,
  );
  await expect(
    git(world.root, 'ls-remote', `${server.url}/${name}`.replace('//', '//ada:wrong@')),
  ).rejects.toThrow();
  const open = await world.serve();
  const outside = await fetch(`${open.url}/..%2f..%2fetc/info/refs?service=git-upload-pack`);
  expect(outside.status).toBeGreaterThanOrEqual(400);
});

test('it records what was asked and how much went both ways', async () => {
  const { name } = await world.create({ 'a.yml': 'id: a\n' });
  const server = await world.serve();
  await world.connect(`${server.url}/${name}`).listRefs();
  expect(server.requests).toEqual([
    {
      method: 'POST',
      path: `/${name}/git-upload-pack`,
      bytesIn: expect.any(Number),
      bytesOut: expect.any(Number),
    },
  ]);
  expect(server.requests[0]?.bytesIn).toBeGreaterThan(20);
  expect(server.requests[0]?.bytesOut).toBeGreaterThan(40);
});

test('it can answer late, and a caller can answer in its place', async () => {
  const { name } = await world.create({ 'a.yml': 'id: a\n' });
  const server = await world.serve({
    latencyMs: 60,
    intercept: async ({ url }, response) => {
      if (url !== '/hello') return false;
      response.end('hello');
      return true;
    },
  });
  const began = performance.now();
  expect(await (await fetch(`${server.url}/hello`)).text()).toBe('hello');
  expect(performance.now() - began).toBeGreaterThan(50);
  expect((await world.connect(`${server.url}/${name}`).listRefs()).refs.size).toBe(1);
});
