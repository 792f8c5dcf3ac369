import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/bare-repository.js';
import { type CliOptions, cli } from './cli.js';

const token = 'hunter2-T0ken/+=';
const [first, second] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];

let cwd: string;
let remove: () => Promise<void>;

beforeEach(async () => {
  ({ path: cwd, remove } = await temporaryDirectory());
  const message = `"{{ secret('TOKEN') }} has {{ secret('TOKEN') | length }}"`;
  const flow = `id: x\nnamespace: company.team\ntasks:\n  - id: log\n    type: core.log.Log\n    message: ${message}\n`;
  await writeFile(join(cwd, 'x.yml'), flow);
});
afterEach(() => remove());

async function run(argv: string[], options: Partial<CliOptions> = {}) {
  const result = await cli(argv, { cwd, ...options });
  for (const shown of [token, Buffer.from(token).toString('base64'), first, second]) {
    expect(result.stdout + result.stderr).not.toContain(shown);
  }
  return result;
}

describe('secrets in files', () => {
  it('are read from --secrets-file and --secrets-dir, weaker than the environment', async () => {
    await writeFile(join(cwd, 'secrets.yml'), `TOKEN: ${JSON.stringify(token)}\n`);
    await mkdir(join(cwd, 'mounted'));
    await writeFile(join(cwd, 'mounted/token'), 'mounted token\n');
    expect((await run(['run', 'x.yml', '--secrets-file', 'secrets.yml'])).stderr).toContain('****** has 16');
    expect((await run(['run', 'x.yml', '--secrets-dir', 'mounted'])).stderr).toContain('****** has 13');
    const env = { FLOWGIT_SECRETS_FILE: 'secrets.yml', FLOWGIT_SECRETS_DIR: 'mounted' };
    expect((await run(['run', 'x.yml'], { env })).stderr).toContain('****** has 16');
    const stronger = { ...env, SECRET_TOKEN: Buffer.from('four').toString('base64') };
    expect((await run(['run', 'x.yml'], { env: stronger })).stderr).toContain('****** has 4');
  });

  it('that cannot be read fail the run', async () => {
    const { code, stderr } = await run(['run', 'x.yml', '--secrets-dir', 'missing']);
    expect(code).toBe(1);
    expect(stderr).toContain('missing cannot be read (ENOENT)');
  });
});

describe('flowgit secrets', () => {
  it('stores a secret that only a run reads back, through a change of keys', async () => {
    const env = { FLOWGIT_SECRET_KEY: first };
    const stored = await run(['secrets', 'set', 'token', '--namespace', 'company'], {
      env,
      stdin: `${token}\n`,
    });
    expect(stored).toMatchObject({ code: 0, stdout: 'stored TOKEN\n', stderr: '' });
    expect((await run(['run', 'x.yml'], { env })).stderr).toContain('****** has 16');
    expect((await run(['secrets', 'list'], { env })).stdout).toMatch(
      /^company {2}TOKEN {2}[0-9a-f]{12} {2}2/,
    );

    await writeFile(join(cwd, 'keys'), `${second}\n${first}\n`);
    const both = { FLOWGIT_SECRET_KEY_FILE: 'keys' };
    expect((await run(['secrets', 'rotate', '--json'], { env: both })).stdout).toBe('{\n  "rotated": 1\n}\n');
    const late = await run(['run', 'x.yml'], { env });
    expect(late.code).toBe(1);
    expect(late.stderr).toContain('which is not given');
    expect((await run(['run', 'x.yml'], { env: { FLOWGIT_SECRET_KEY: second } })).stderr).toContain('has 16');

    await run(['secrets', 'delete', 'TOKEN', '--namespace', 'company'], { env: both });
    expect((await run(['secrets', 'list', '--json'], { env: both })).stdout).toBe('[]\n');
    for (const file of await readdir(join(cwd, 'flowgit-data'), { recursive: true, withFileTypes: true })) {
      if (file.isFile())
        expect(await readFile(join(file.parentPath, file.name), 'utf8')).not.toContain(token);
    }
  });

  it('says what it takes, and that it needs a key', async () => {
    for (const argv of [['show'], ['set'], ['list', 'TOKEN']]) {
      const { code, stderr } = await run(['secrets', ...argv]);
      expect(code).toBe(1);
      expect(stderr).toContain('takes list, set NAME, delete NAME or rotate');
    }
    expect((await run(['secrets', 'list'])).stderr).toContain('FLOWGIT_SECRET_KEY');
    const env = { FLOWGIT_SECRET_KEY: first };
    expect((await run(['secrets', 'set', 'A'], { env, stdin: '' })).stderr).toContain('standard input');
    const missing = await run(['secrets', 'list'], { env: { FLOWGIT_SECRET_KEY_FILE: 'none' } });
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('cannot be read (ENOENT)') });
  });
});
