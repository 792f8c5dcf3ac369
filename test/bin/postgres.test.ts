import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startGitServer } from '../../src/testing/index.js';
import { BareRepository, temporaryDirectory } from '../support/bare-repository.js';
import { serverPassword, usePostgresServer } from '../support/postgres-server.js';
import { flowSource } from '../support/world.js';
import { cli } from './cli.js';

const server = usePostgresServer();
let cwd: string;
let remove: () => Promise<void>;

beforeEach(async () => {
  ({ path: cwd, remove } = await temporaryDirectory());
});
afterEach(() => remove());

const syncFlow = (url: string) =>
  `id: sync\nnamespace: system\ntasks:\n  - id: git\n    type: git.SyncFlows\n    url: ${url}\n    targetNamespace: company.team\n    delete: true\n`;

/** Import, sync, plan, export: what every storage is for. */
async function liveWith(storage: string): Promise<void> {
  const git = await startGitServer({ root: cwd });
  const repository = await BareRepository.create(join(cwd, 'flows.git'), {
    '_flows/a.yml': flowSource('company.team', 'a'),
    '_flows/b.yml': flowSource('company.team', 'b'),
  });
  await mkdir(join(cwd, 'in/files/company.team'), { recursive: true });
  await writeFile(join(cwd, 'in/files/company.team/data.bin'), new Uint8Array([0, 255, 10, 13]));
  await writeFile(join(cwd, 'sync.yml'), syncFlow(`${git.url}/flows.git`));
  const run = async (...argv: string[]) => {
    const { code, stdout, stderr } = await cli([...argv, '--storage', storage], { cwd });
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    return stdout;
  };
  try {
    await run('import', 'in');
    expect(await run('run', 'sync.yml')).toContain('2 added');
    expect(await run('run', 'sync.yml')).toContain('2 unchanged');
    await repository.commit({ '_flows/a.yml': flowSource('company.team', 'a', '# changed\n') });
    expect(await run('plan', 'sync.yml')).toContain('1 updated');
    expect(await run('run', 'sync.yml')).toContain('1 updated');
    await run('export', 'out');
  } finally {
    await git.close();
  }
  expect((await readdir(join(cwd, 'out/flows/company.team'))).sort()).toEqual(['a.yml', 'b.yml']);
  expect(await readFile(join(cwd, 'out/flows/company.team/a.yml'), 'utf8')).toContain('# changed');
  expect([...(await readFile(join(cwd, 'out/files/company.team/data.bin')))]).toEqual([0, 255, 10, 13]);
}

describe('--storage', () => {
  it('postgres://… takes what every command does', async () => {
    await liveWith(`${await server().createDatabase()}?tenant=acme`);
  });

  it('pglite:DIR does too, in a folder', async () => {
    await liveWith('pglite:./embedded');
    expect((await readdir(join(cwd, 'embedded'))).sort()).toEqual(['.flowgit', 'postgres']);
  });

  it('shows no password of a server that refuses it or is not there', async () => {
    await writeFile(join(cwd, 'sync.yml'), syncFlow('https://git.example/flows.git'));
    const refused = await server().createDatabase({ user: 'nobody-known' });
    for (const url of [refused, refused.replace(/:\d+\//, ':1/')]) {
      for (const format of [[], ['--json'], ['--log-level', 'debug']]) {
        const { code, stdout, stderr } = await cli(['run', 'sync.yml', '--storage', url, ...format], { cwd });
        expect(code).toBe(1);
        expect(stdout + stderr).toContain('127.0.0.1');
        for (const form of [serverPassword, encodeURIComponent(serverPassword)]) {
          expect(stdout + stderr).not.toContain(form);
        }
      }
    }
  });
});
