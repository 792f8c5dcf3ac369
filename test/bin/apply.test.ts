import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Ajv } from 'ajv';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type SavedPlan, savedPlan } from '../../schemas/saved-plan.js';
import { openStorage } from '../../src/storage/index.js';
import { BareRepository, temporaryDirectory } from '../support/bare-repository.js';
import { contents, fill, flowSource } from '../support/world.js';
import { cli, withoutEscapes } from './cli.js';

let cwd: string;
let repository: BareRepository;
let remove: () => Promise<void>;
const flow = (id: string, extra = '') => flowSource('company.team', id, extra);

beforeEach(async () => {
  ({ path: cwd, remove } = await temporaryDirectory());
  repository = await BareRepository.create(join(cwd, 'flows.git'), {
    '_flows/a.yml': flow('a'),
    '_flows/b.yml': flow('b'),
  });
  const url = pathToFileURL(repository.path).href;
  const sync = `  - id: in\n    type: git.SyncFlows\n    url: ${url}\n    targetNamespace: company.team\n    delete: true\n`;
  const push = `  - id: out\n    type: git.PushFlows\n    url: ${url}\n    sourceNamespace: dev\n    gitDirectory: _dev\n`;
  await writeFile(join(cwd, 'sync.yml'), `id: sync\nnamespace: system\ntasks:\n${sync}`);
  await writeFile(join(cwd, 'both.yml'), `id: both\nnamespace: system\ntasks:\n${sync}${push}`);
});
afterEach(() => remove());

const run = (...argv: string[]) => cli(argv, { cwd });
const inStorage = async () => Object.keys(await contents(await openStorage(`file:${cwd}/flowgit-data`)));
const put = async (name: string, source: string) =>
  fill(await openStorage(`file:${cwd}/flowgit-data`), { [name]: source });
const plan = async () => JSON.parse(await readFile(join(cwd, 'plan.json'), 'utf8')) as SavedPlan;

describe('flowgit plan -o and flowgit apply', () => {
  it('save what is shown, and apply exactly that', async () => {
    await put('dev/one', flowSource('dev', 'one'));
    await put('company.team/old', flow('old'));
    const planned = await run('plan', 'both.yml', '-o', 'plan.json');
    expect(planned).toMatchObject({ code: 0, stdout: expect.stringContaining('saved in plan.json') });
    expect(await inStorage()).toEqual(['company.team/old', 'dev/one']);
    const saved = await plan();
    expect(savedPlan.parse(saved).tasks.map(({ taskId }) => taskId)).toEqual(['in', 'out']);

    const checked = await run('apply', 'plan.json', '--dry-run');
    expect(checked).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('in (git.SyncFlows) can be applied'),
    });
    const { code, stdout } = await run('apply', 'plan.json');
    const tip = (await repository.tip()) ?? '';
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'in (git.SyncFlows) applied',
      expect.stringContaining(' → flows of company.team'),
      '  + _flows/a.yml    company.team.a    +7 -0',
      '  + _flows/b.yml    company.team.b    +7 -0',
      '  - _flows/old.yml  company.team.old  +0 -7',
      '2 added, 0 updated, 1 deleted, 0 unchanged',
      '',
      'out (git.PushFlows) applied',
      expect.stringContaining('flows of dev → '),
      '  + _dev/one.yml  dev.one  +7 -0',
      '1 added, 0 updated, 0 deleted, 0 unchanged',
      expect.stringContaining(`commit ${tip}`),
      '',
      '',
    ]);
    expect(await inStorage()).toEqual(['company.team/a', 'company.team/b', 'dev/one']);
    expect(await repository.git('show', 'main:_dev/one.yml')).toBe(flowSource('dev', 'one'));
  });

  it('end with 3 and write nothing when storage changed, or git', async () => {
    await run('plan', 'sync.yml', '-o', 'plan.json');
    await put('company.team/mine', flow('mine'));
    const stale = await run('apply', 'plan.json');
    expect(stale).toMatchObject({ code: 3, stderr: expect.stringContaining('error STALE_PLAN: ') });
    expect(await inStorage()).toEqual(['company.team/mine']);

    await run('plan', 'sync.yml', '-o', 'plan.json');
    await repository.commit({ '_flows/c.yml': flow('c') });
    const later = await run('apply', 'plan.json', '--json');
    expect(later.code).toBe(3);
    expect(JSON.parse(later.stdout)).toMatchObject({ error: { code: 'STALE_PLAN', retryable: false } });
    expect(await inStorage()).toEqual(['company.team/mine']);
  });

  it('refuse a file that was edited, is none, or is not there', async () => {
    await run('plan', 'sync.yml', '-o', 'plan.json');
    const text = await readFile(join(cwd, 'plan.json'), 'utf8');
    await writeFile(join(cwd, 'plan.json'), text.replace('from a', 'from x'));
    for (const file of ['plan.json', 'sync.yml', 'none.json']) {
      const refused = await run('apply', file);
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('error INVALID_PLAN: ') });
    }
    expect(await inStorage()).toEqual([]);
  });

  it('save nothing when the flow fails, and leave an earlier file as it is', async () => {
    await writeFile(join(cwd, 'plan.json'), 'earlier');
    await repository.commit({ '_flows/a.yml': 'id: [\n' });
    expect((await run('plan', 'sync.yml', '-o', 'plan.json')).code).toBe(1);
    expect(await readFile(join(cwd, 'plan.json'), 'utf8')).toBe('earlier');
    expect((await run('plan', 'none.yml', '-o', 'plan.json')).code).toBe(1);
  });

  it('ask the secrets of the command line again, and keep them out of the file', async () => {
    const source = await readFile(join(cwd, 'sync.yml'), 'utf8');
    const password = `    password: "{{ secret('TOKEN') }}"\n`;
    await writeFile(join(cwd, 'sync.yml'), source + password);
    await run('plan', 'sync.yml', '-o', 'plan.json', '--secret', 'TOKEN=hunter2-token');
    const [task] = (await plan()).tasks;
    expect(task?.connection.expressions).toEqual({ password: "{{ secret('TOKEN') }}" });
    expect(await readFile(join(cwd, 'plan.json'), 'utf8')).not.toContain('hunter2');
    expect((await run('apply', 'plan.json')).stderr).toContain('SECRET_NOT_FOUND');
    expect((await run('apply', 'plan.json', '--secret', 'TOKEN=hunter2-token')).code).toBe(0);
    expect(await inStorage()).toEqual(['company.team/a', 'company.team/b']);

    await writeFile(join(cwd, 'sync.yml'), `${source}    password: hunter2-token\n`);
    const refused = await run('plan', 'sync.yml', '-o', 'other.json');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('SECRET_IN_PLAN') });
    expect(refused.stderr + refused.stdout).not.toContain('hunter2');
  });

  it('follow the published JSON Schema', async () => {
    const schema = JSON.parse((await run('schema', 'plan')).stdout) as object;
    await put('dev/one', flowSource('dev', 'one'));
    await run('plan', 'both.yml', '-o', 'plan.json');
    const check = new Ajv({ strict: false, validateFormats: false }).compile(schema);
    expect(check(await plan()) || check.errors).toBe(true);
    expect(check({ ...(await plan()), storage: 1 })).toBe(false);
    const published = new URL('../../docs/plan.schema.json', import.meta.url);
    expect(JSON.parse(await readFile(published, 'utf8'))).toEqual(schema);
  });
});

describe('--confirm-deletes', () => {
  const onTerminal = (stdin: string, ...argv: string[]) => cli(argv, { cwd, stdin, columns: 80 });

  beforeEach(async () => {
    await put('company.team/old', flow('old'));
  });

  it.each([['y\n'], ['Yes\n']])('goes on after %j', async (answer) => {
    const { code, stderr } = await onTerminal(answer, 'run', 'sync.yml', '--confirm-deletes');
    expect(code).toBe(0);
    expect(withoutEscapes(stderr)).toContain('  - _flows/old.yml  company.team.old  +0 -7');
    expect(stderr).toContain('Delete it? [y/N] ');
    expect(await inStorage()).toEqual(['company.team/a', 'company.team/b']);
  });

  it.each([['n\n'], ['\n'], ['']])('writes nothing after %j', async (answer) => {
    const { code, stderr } = await onTerminal(answer, 'run', 'sync.yml', '--confirm-deletes');
    expect(code).toBe(1);
    expect(stderr).toContain('NOT_CONFIRMED');
    expect(await inStorage()).toEqual(['company.team/old']);
  });

  it('is an error without a terminal, unless nothing goes or nothing is written', async () => {
    const refused = await run('run', 'sync.yml', '--confirm-deletes');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('there is no terminal') });
    expect(await inStorage()).toEqual(['company.team/old']);
    expect((await run('run', 'sync.yml', '--confirm-deletes', '--dry-run')).code).toBe(0);
    await repository.commit({ '_flows/old.yml': flow('old') });
    expect((await run('run', 'sync.yml', '--confirm-deletes')).code).toBe(0);
  });

  it('holds for a saved plan, before anything of it is written', async () => {
    await put('dev/one', flowSource('dev', 'one'));
    await run('plan', 'both.yml', '-o', 'plan.json');
    const tip = await repository.tip();
    expect((await run('apply', 'plan.json', '--confirm-deletes')).stderr).toContain('NOT_CONFIRMED');
    expect((await onTerminal('no\n', 'apply', 'plan.json', '--confirm-deletes')).code).toBe(1);
    expect(await inStorage()).toEqual(['company.team/old', 'dev/one']);
    expect(await repository.tip()).toBe(tip);
    expect((await onTerminal('y\n', 'apply', 'plan.json', '--confirm-deletes')).code).toBe(0);
    expect(await inStorage()).toEqual(['company.team/a', 'company.team/b', 'dev/one']);
  });
});
