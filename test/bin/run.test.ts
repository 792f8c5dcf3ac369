import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Execution, execution } from '../../schemas/execution.js';
import { BareRepository, temporaryDirectory } from '../support/bare-repository.js';
import { flowSource } from '../support/world.js';
import { cli, ctrlC, withoutEscapes } from './cli.js';

let cwd: string;
let remove: () => Promise<void>;

beforeEach(async () => {
  ({ path: cwd, remove } = await temporaryDirectory());
});
afterEach(() => remove());

function write(name: string, content: string | Uint8Array): Promise<void> {
  return writeFile(join(cwd, name), content);
}

function flow(tasks: string, head = ''): string {
  return `id: hello\nnamespace: company.team\n${head}tasks:\n${tasks.replaceAll(/^/gm, '  ')}\n`;
}

const log = '- id: log\n  type: core.log.Log\n  message: hello there';

function json(stdout: string): Execution {
  return JSON.parse(stdout) as Execution;
}

describe('flowgit run', () => {
  it('prints one execution document with --json, and logs as JSON lines elsewhere', async () => {
    await write('hello.yml', flow(log));
    const { code, stdout, stderr } = await cli(['run', 'hello.yml', '--json'], { cwd });
    expect(code).toBe(0);
    const document = execution.parse(JSON.parse(stdout));
    expect(document).toMatchObject({
      namespace: 'company.team',
      flowId: 'hello',
      state: 'SUCCESS',
      error: null,
    });
    expect(document.taskRuns).toMatchObject([{ taskId: 'log', state: 'SUCCESS', attempts: 1, error: null }]);
    const lines = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { msg: string });
    expect(lines.map(({ msg }) => msg)).toContain('hello there');
  });

  it('keeps logs and task lines on standard error, and the result on standard output', async () => {
    await write('hello.yml', flow(log));
    const { code, stdout, stderr } = await cli(['run', 'hello.yml'], { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^SUCCESS company\.team\.hello \d+ ms\n$/);
    expect(stderr).toContain('INFO  [log] hello there');
    expect(stderr).toMatch(/^SUCCESS log \(core\.log\.Log\) {2}\d+ ms$/m);
    expect(withoutEscapes(stderr)).toBe(stderr);
  });

  it('says nothing but the result when it is told to be quiet', async () => {
    await write('hello.yml', flow(log));
    const { stdout, stderr } = await cli(['run', 'hello.yml', '--quiet'], { cwd });
    expect(stdout).toMatch(/^SUCCESS/);
    expect(stderr).toBe('');
  });

  it('exits with 1 when a task failed, and says why and what to do once', async () => {
    await write('fail.yml', flow('- id: git\n  type: git.Clone\n  url: file:///nowhere/x.git'));
    const { code, stdout, stderr } = await cli(['run', 'fail.yml'], { cwd });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^FAILED company\.team\.hello/);
    expect(stderr).toMatch(
      /^FAILED git \(git\.Clone\).*\nerror REPOSITORY_NOT_FOUND \[git\]: There is no .*\nhint: .*\n$/,
    );
    expect(stderr).not.toContain('    at ');
  });

  it('tells of a failure that the flow allows in the log alone', async () => {
    await write('allow.yml', flow('- id: no\n  type: core.execution.Fail\n  allowFailure: true'));
    const { code, stdout, stderr } = await cli(['run', 'allow.yml'], { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^WARNING company\.team\.hello/);
    expect(stderr).toMatch(/^\S+ WARN {2}\[no\] .*\nWARNING no \(core\.execution\.Fail\).*\n$/);
  });

  it('says once why a flow cannot start', async () => {
    await write('needs.yml', `${flow(log)}inputs: [{ id: who, type: STRING }]\n`);
    const { code, stderr } = await cli(['run', 'needs.yml'], { cwd });
    expect(code).toBe(1);
    expect(stderr.match(/input "who" is required/g)).toHaveLength(1);
  });

  it('reports a failure before the first task as an execution, too', async () => {
    const { code, stdout, stderr } = await cli(['run', 'none.yml', '--json'], { cwd });
    expect(code).toBe(1);
    expect(execution.parse(JSON.parse(stdout))).toMatchObject({
      state: 'FAILED',
      taskRuns: [],
      error: { code: 'FLOW_NOT_FOUND', message: 'There is no file none.yml.', retryable: false },
    });
    expect(stderr).toBe('');
  });

  it.each([
    [['run', '--json'], 'INVALID_ARGUMENTS'],
    [['bogus', '--json'], 'INVALID_ARGUMENTS'],
    [['tasks', 'Bogus', '--json'], 'UNKNOWN_TASK_TYPE'],
    [['validate', 'nowhere', '--json'], 'FLOW_NOT_FOUND'],
    [['import', 'nowhere', '--json'], 'DIRECTORY_NOT_FOUND'],
  ])(
    'is one JSON document and nothing else for programs, also when the command fails: %j',
    async (argv, code) => {
      const failed = await cli(argv, { cwd });
      expect({ code: failed.code, stderr: failed.stderr }).toEqual({ code: 1, stderr: '' });
      expect(JSON.parse(failed.stdout)).toMatchObject({ error: { code, retryable: false } });
    },
  );

  it('shows the stack of an error only to those who debug', async () => {
    const quiet = await cli(['run', 'none.yml'], { cwd });
    expect(quiet.stderr).toBe(
      `error FLOW_NOT_FOUND: There is no file none.yml.\nhint: It was looked for in ${cwd}.\n`,
    );
    const debug = await cli(['run', 'none.yml', '--log-level', 'debug'], { cwd });
    expect(debug.stderr).toContain('    at ');
  });

  it.each([
    ['a directory', 'is a directory.'],
    ['empty', 'is not a valid flow.\nx.yml:1:1: Not a flow: the file is empty'],
    ['a list', 'is not a valid flow.\nx.yml:1:1: Not a flow: the file does not hold a map'],
    ['two documents', 'is not a valid flow.\nx.yml:7:1: the file holds several documents'],
    ['not text', 'is not UTF-8 text.'],
  ])('explains a flow file that is %s', async (kind, message) => {
    if (kind === 'a directory') await mkdir(join(cwd, 'x.yml'));
    if (kind === 'empty') await write('x.yml', '');
    if (kind === 'a list') await write('x.yml', '- a\n');
    if (kind === 'two documents') await write('x.yml', `${flow(log)}---\n${flow(log)}`);
    if (kind === 'not text') await write('x.yml', new Uint8Array([0x69, 0xff, 0xfe, 0x00]));
    const { code, stderr } = await cli(['run', 'x.yml'], { cwd });
    expect(code).toBe(1);
    expect(stderr).toContain(`x.yml ${message}`);
  });

  it('hands inputs on as the flow declares them, files as their bytes', async () => {
    const inputs = 'inputs:\n  - {id: count, type: INT}\n  - {id: doc, type: FILE}\n';
    const outputs = 'outputs:\n  - {id: next, type: INT, value: "{{ inputs.count + 1 }}"}\n';
    await write(
      'in.yml',
      flow('- id: log\n  type: core.log.Log\n  message: "{{ read(inputs.doc) }}"', inputs + outputs),
    );
    await write('doc.txt', 'from the file');
    const { code, stdout, stderr } = await cli(
      ['run', 'in.yml', '--input', 'count=41', '--input', 'doc=doc.txt'],
      { cwd },
    );
    expect(stderr).toContain('from the file');
    expect(stdout).toMatch(/^next: 42\nSUCCESS/);
    expect(code).toBe(0);
  });

  it('shows expressions ENV_ variables without their prefix, and nothing else of the environment', async () => {
    await write('env.yml', flow('- id: log\n  type: core.log.Log\n  message: "{{ envs }}"'));
    const env = { ENV_REGION: 'north', HOME: '/home/someone', OTHER: 'other' };
    const { stderr } = await cli(['run', 'env.yml', '--log-format', 'json'], { cwd, env });
    expect(stderr).toContain('{\\"region\\":\\"north\\"}');
    expect(stderr).not.toContain('someone');
  });

  it('stops on Ctrl-C with 130, and says what stands', async () => {
    const { signal, press } = ctrlC();
    press();
    await write('hello.yml', flow(log));
    const { code, stdout } = await cli(['run', 'hello.yml', '--json'], { cwd, signal });
    expect(json(stdout).state).toBe('CANCELLED');
    expect(code).toBe(130);
  });

  it('runs tasks in the directory that is given, and leaves it', async () => {
    const repository = await BareRepository.create(join(cwd, 'r.git'), { 'a.txt': 'content' });
    await write('clone.yml', flow(`- id: git\n  type: git.Clone\n  url: ${pathToFileURL(repository.path)}`));
    const { code } = await cli(['run', 'clone.yml', '--working-dir', 'here'], { cwd });
    expect(code).toBe(0);
    expect(await readdir(join(cwd, 'here'))).toEqual(['.git', 'a.txt']);
  });
});

describe('flowgit run, with git', () => {
  let sync: string;

  beforeEach(async () => {
    const repository = await BareRepository.create(join(cwd, 'flows.git'), {
      '_flows/a.yml': flowSource('any', 'a'),
      '_flows/b.yml': flowSource('any', 'b'),
    });
    sync = `- id: git\n  type: git.SyncFlows\n  url: ${pathToFileURL(repository.path)}\n  targetNamespace: company.team`;
    await write('sync.yml', flow(sync));
  });

  it('syncs into a directory people can read, and puts the rows beside it', async () => {
    const { code, stdout } = await cli(['run', 'sync.yml', '--storage', 'file:./data', '--json'], { cwd });
    expect(code).toBe(0);
    expect(await readdir(join(cwd, 'data/flows/company.team'))).toEqual(['a.yml', 'b.yml']);
    const outputs = json(stdout).taskRuns[0]?.outputs as { flows: string; summary: { added: number } };
    expect(outputs.summary.added).toBe(2);
    expect(outputs.flows).toMatch(/^file:\/\/\/.*\/data\/\.flowgit\/outputs\/[^/]+\/.*\.jsonl$/);
    const rows = (await readFile(fileURLToPath(outputs.flows), 'utf8')).trim().split('\n');
    expect(rows.map((row) => (JSON.parse(row) as { flowId: string }).flowId)).toEqual(['a', 'b']);
  });

  it('keeps the rows in the cache when the storage is no directory', async () => {
    const { stdout } = await cli(['run', 'sync.yml', '--storage', 'memory:', '--json'], { cwd });
    const outputs = json(stdout).taskRuns[0]?.outputs as { flows: string };
    expect(outputs.flows).toContain(`${pathToFileURL(join(cwd, 'cache/flowgit/outputs'))}/`);
  });

  it('takes the storage from the environment, and the option over it', async () => {
    const env = { FLOWGIT_STORAGE: 'file:./from-env' };
    await cli(['run', 'sync.yml', '-q'], { cwd, env });
    await cli(['run', 'sync.yml', '-q', '--storage', 'file:./from-option'], { cwd, env });
    await cli(['run', 'sync.yml', '-q'], { cwd });
    expect(await readdir(cwd)).toEqual(expect.arrayContaining(['from-env', 'from-option', 'flowgit-data']));
  });

  it('writes nothing on a dry run', async () => {
    const { code, stdout } = await cli(['run', 'sync.yml', '--dry-run', '--storage', 'file:./data'], { cwd });
    expect(code).toBe(0);
    expect(stdout).toContain('git (git.SyncFlows) dry run');
    expect(stdout).toContain('2 added, 0 updated, 0 deleted, 0 unchanged');
    expect(stdout).toContain('nothing was written');
    expect(await readdir(join(cwd, 'data')).catch(() => [])).not.toContain('flows');
  });

  it('names the commit of a push', async () => {
    await cli(['run', 'sync.yml', '-q'], { cwd });
    const other = await BareRepository.create(join(cwd, 'other.git'));
    const push = `- id: push\n  type: git.PushFlows\n  url: ${pathToFileURL(other.path)}\n  sourceNamespace: company.team\n  authorName: Ada\n  authorEmail: ada@example.org`;
    await write('push.yml', flow(push));
    const { code, stdout } = await cli(['run', 'push.yml'], { cwd });
    expect(stdout).toContain(`commit ${await other.tip()}`);
    expect(code).toBe(0);
  });

  it('draws running tasks on a terminal and clears them away', async () => {
    const { stderr, stdout } = await cli(['run', 'sync.yml'], { cwd, columns: 80 });
    expect(withoutEscapes(stderr)).toMatch(/✓ git \(git\.SyncFlows\) {2}\d/);
    expect(stderr.endsWith('\u001b[?25h')).toBe(true);
    expect(stdout).toContain('\u001b[32m');
    const plain = await cli(['run', 'sync.yml', '--no-color'], { cwd, columns: 80 });
    expect(withoutEscapes(plain.stdout)).toBe(plain.stdout);
  });
});

describe('flowgit run of a flow that pauses', () => {
  const gate = (more = '') => `- id: gate\n  type: core.flow.Pause\n${more}${log}`;

  it('waits for a duration, and not on a dry run', async () => {
    await write('hello.yml', flow(gate('  pauseDuration: PT0.05S\n')));
    const { code, stderr } = await cli(['run', 'hello.yml'], { cwd });
    expect(code).toBe(0);
    expect(stderr).toContain('hello there');
    await write('long.yml', flow(gate()));
    expect((await cli(['run', 'long.yml', '--dry-run'], { cwd })).code).toBe(0);
  });

  it('asks on the terminal, and is cancelled by anything but yes', async () => {
    await write('hello.yml', flow(gate()));
    const yes = await cli(['run', 'hello.yml'], { cwd, columns: 100, stdin: 'y\n' });
    expect(yes.code).toBe(0);
    expect(withoutEscapes(yes.stderr)).toContain('Resume at "gate"? [y/N]');
    const no = await cli(['run', 'hello.yml'], { cwd, columns: 100, stdin: 'n\n' });
    expect(no.code).toBe(1);
    expect(no.stdout).toContain('CANCELLED');
    expect(no.stderr).not.toContain('hello there');
  });

  it('says what to do where there is nobody to ask, or inputs to give', async () => {
    await write('hello.yml', flow(gate()));
    const { code, stderr } = await cli(['run', 'hello.yml'], { cwd });
    expect(code).toBe(1);
    expect(stderr).toContain('Run the flow on a server, on a terminal, or give the pause a "pauseDuration".');
    await write('asks.yml', flow(gate('  onResume:\n    - id: reason\n      type: STRING\n')));
    const asks = await cli(['run', 'asks.yml'], { cwd, columns: 100, stdin: 'y\n' });
    expect(withoutEscapes(asks.stderr)).toContain('The pause "gate" asks for inputs.');
  });
});
