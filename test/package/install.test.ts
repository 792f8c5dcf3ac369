import { execFile } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { temporaryDirectory } from '../support/bare-repository.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
/** What npm says when no registry answers and its cache does not hold what is asked for. */
const noRegistry =
  /E(NOTFOUND|AI_AGAIN|CONNREFUSED|CONNRESET|TIMEDOUT|NOTCACHED|HOSTUNREACH|NETUNREACH)|network/;

let cwd: string;
let remove: () => Promise<void>;
/** Why the package could not be installed at all, or null. */
let unavailable: string | null = null;

beforeAll(async () => {
  ({ path: cwd, remove } = await temporaryDirectory());
  await run('npm', ['pack', '--silent', '--pack-destination', cwd], { cwd: root });
  const [tarball] = await readdir(cwd);
  await writeFile(join(cwd, 'package.json'), '{ "private": true }');
  const install = ['install', `./${tarball}`, '--prefer-offline', '--no-audit', '--no-fund'];
  try {
    await run('npm', install, { cwd, env: { ...process.env, npm_config_fetch_retries: '0' } });
  } catch (error) {
    const { stderr } = error as { stderr: string };
    if (!noRegistry.test(stderr)) throw error;
    unavailable = stderr;
  }
}, 300_000);
afterAll(() => remove());

describe('the package, installed into an empty folder', () => {
  it('runs its command', async ({ skip }) => {
    if (unavailable !== null) skip('the registry cannot be reached');
    const npx = (...args: string[]) => run('npx', ['flowgit', ...args], { cwd });
    expect((await npx('--version')).stdout).toBe(`${manifest.version}\n`);
    expect((await npx('tasks')).stdout).toContain('git.SyncFlows');
  });

  it('can be imported by each of its names', async ({ skip }) => {
    if (unavailable !== null) skip('the registry cannot be reached');
    const program = `
      import { SyncFlows } from 'flowgit';
      import { openStorage } from 'flowgit/storage';
      import { createGit } from 'flowgit/git';
      import { startGitServer } from 'flowgit/testing';
      console.log([SyncFlows, openStorage, createGit, startGitServer].map((thing) => typeof thing).join());
    `;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program], { cwd });
    expect(stdout).toBe('function,function,function,function\n');
  });

  it('holds what is needed to use it and nothing else', async ({ skip }) => {
    if (unavailable !== null) skip('the registry cannot be reached');
    const installed = await readdir(join(cwd, 'node_modules/flowgit'));
    expect(installed).toEqual(expect.arrayContaining(['LICENSE', 'dist', 'package.json']));
    expect(installed).not.toEqual(expect.arrayContaining(['src']));
    expect(installed).not.toEqual(expect.arrayContaining(['test']));
  });
});

describe('the checkout itself', () => {
  it('answers to npx without any registry', async () => {
    const env = { ...process.env, npm_config_cache: join(cwd, 'npm-cache') };
    const { stdout } = await run('npx', ['--offline', 'flowgit', '--version'], { cwd: root, env });
    expect(stdout).toBe(`${manifest.version}\n`);
  });
});
