import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BareRepository, temporaryDirectory } from '../support/bare-repository.js';
import { type CliOptions, cli } from './cli.js';

const token = 'hunter2-T0ken/+=';

let cwd: string;
let remove: () => Promise<void>;

beforeEach(async () => {
  ({ path: cwd, remove } = await temporaryDirectory());
});
afterEach(() => remove());

async function logSecret(argv: string[], options: Partial<CliOptions> = {}) {
  // The length proves that the value arrived, without showing it.
  const message = `"{{ secret('TOKEN') }} has {{ secret('TOKEN') | length }}"`;
  const flow = `id: x\nnamespace: y\ntasks:\n  - id: log\n    type: core.log.Log\n    message: ${message}\n`;
  await writeFile(join(cwd, 'x.yml'), flow);
  return cli(['run', 'x.yml', ...argv], { cwd, ...options });
}

describe('secrets', () => {
  const sources: [string, string[], Partial<CliOptions>][] = [
    ['--secret', ['--secret', `TOKEN=${token}`], {}],
    ['--secret in lower case', ['--secret', `token=${token}`], {}],
    ['--secret NAME=@FILE', ['--secret', 'TOKEN=@token.txt'], {}],
    ['--secret NAME=@-', ['--secret', 'TOKEN=@-'], { stdin: `${token}\n` }],
    ['--env-file', ['--env-file', 'plain.env'], {}],
    ['SECRET_ in an env file', ['--env-file', 'base64.env'], {}],
    ['SECRET_ in the environment', [], { env: { SECRET_TOKEN: Buffer.from(token).toString('base64') } }],
  ];

  it.each(sources)('come from %s, and are never shown', async (_, argv, options) => {
    await writeFile(join(cwd, 'token.txt'), `${token}\n`);
    await writeFile(join(cwd, 'plain.env'), `TOKEN='${token}'\n`);
    await writeFile(join(cwd, 'base64.env'), `SECRET_TOKEN=${Buffer.from(token).toString('base64')}\n`);
    for (const format of [[], ['--json'], ['--log-format', 'json'], ['--log-level', 'debug']]) {
      const { code, stdout, stderr } = await logSecret([...argv, ...format], {
        ...options,
        ...(options.stdin !== undefined && { stdin: options.stdin }),
      });
      expect(code).toBe(0);
      expect(stderr).toContain(`****** has ${token.length}`);
      for (const form of [token, Buffer.from(token).toString('base64'), encodeURIComponent(token)]) {
        expect(stdout + stderr).not.toContain(form);
      }
    }
  });

  it('override each other: the command line, env files, the environment', async () => {
    await writeFile(join(cwd, 'a.env'), 'TOKEN=four\n');
    const env = { SECRET_TOKEN: Buffer.from('three').toString('base64') };
    expect((await logSecret([], { env })).stderr).toContain('has 5');
    expect((await logSecret(['--env-file', 'a.env'], { env })).stderr).toContain('has 4');
    expect((await logSecret(['--env-file', 'a.env', '--secret', 'TOKEN=seconds'], { env })).stderr).toContain(
      'has 7',
    );
  });

  it('that begin with an at sign are written with two', async () => {
    expect((await logSecret(['--secret', 'TOKEN=@@handle'])).stderr).toContain('****** has 7');
  });

  it('keep every line of a key', async () => {
    await writeFile(join(cwd, 'key'), '-----BEGIN KEY-----\nabcdefghijkl\n-----END KEY-----\n');
    expect((await logSecret(['--secret', 'TOKEN=@key'])).stderr).toContain('has 51');
  });

  it('are masked in refusals of the command line, too', async () => {
    const values = ['--secret', `A=${token}`, '--secret', 'B=other-secret'];
    const wrongName = await cli([...values, token], { cwd });
    expect(wrongName.code).toBe(1);
    expect(wrongName.stderr).toContain('There is no command "******"');
    const noName = await cli(['run', 'x.yml', '--secret', 'hunter22'], { cwd });
    expect(noName.stderr).toBe('error: --secret needs NAME=VALUE.\n');
    const noFile = await cli(['run', 'x.yml', '--secret', 'A=@none'], { cwd });
    expect(noFile.stderr).toBe('error: --secret: none cannot be read (ENOENT).\n');
  });

  it('are masked in file names, problems, diffs and rows', async () => {
    const repository = await BareRepository.create(join(cwd, 'r.git'), {
      '_flows/a.yml': `id: a\nnamespace: any\ndescription: ${token}\ntasks: [{id: t, type: core.log.Log, message: m}]\n`,
      '_flows/secretive.yml': 'id: b\nnamespace: any\ntasks: [{id: t, type: core.log.Log, message: m}]\n',
    });
    await writeFile(
      join(cwd, 'sync.yml'),
      `id: sync\nnamespace: system\ntasks:\n  - id: git\n    type: git.SyncFlows\n    url: ${pathToFileURL(repository.path)}\n    targetNamespace: company.team\n`,
    );
    const secrets = ['--secret', `A=${token}`, '--secret', 'B=secretive'];
    const { stdout, stderr } = await cli(['run', 'sync.yml', '--diff', ...secrets], { cwd });
    expect(stdout).toContain('+description: ******');
    expect(stdout).toContain('_flows/******.yml');
    expect(stdout + stderr).not.toMatch(/hunter2|secretive/);
    const outputs = join(cwd, 'flowgit-data/.flowgit/outputs');
    const files = (await readdir(outputs, { recursive: true })).filter((name) => name.endsWith('.jsonl'));
    expect(files).toHaveLength(1);
    const rows = await readFile(join(outputs, files[0] ?? ''), 'utf8');
    expect(rows).toContain('_flows/******.yml');
    expect(rows).not.toContain('secretive');
  });

  it('in storage and proxy URLs never reach a log', async () => {
    await writeFile(
      join(cwd, 'x.yml'),
      'id: x\nnamespace: y\ntasks: [{id: t, type: core.log.Log, message: hunter2}]\n',
    );
    const argv = ['run', 'x.yml', '--log-level', 'debug'];
    const storage = await cli([...argv, '--storage', 'postgres://ada:hunter2@db.example/x'], { cwd });
    expect(storage.code).toBe(1);
    expect(storage.stdout + storage.stderr).not.toContain('hunter2');
    const env = { HTTPS_PROXY: 'http://ada:hunter2@proxy.example:3128' };
    const proxy = await cli([...argv, '--storage', 'memory:'], { cwd, env });
    expect(proxy.code).toBe(0);
    expect(proxy.stderr).toContain('[t] ******');
  });

  it('that are not base64 in SECRET_ variables are left out and still masked', async () => {
    const { code, stderr } = await logSecret(['--log-level', 'debug'], {
      env: { SECRET_TOKEN: 'not*base64' },
    });
    expect(code).toBe(1);
    expect(stderr).toContain('error SECRET_NOT_FOUND');
    expect(stderr).toContain('SECRET_TOKEN');
    expect(stderr).not.toContain('not*base64');
  });
});
