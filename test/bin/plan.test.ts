import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { execution } from '../../schemas/execution.js';
import { planDocument } from '../../schemas/plan.js';
import { BareRepository, temporaryDirectory } from '../support/bare-repository.js';
import { flowSource } from '../support/world.js';
import { cli } from './cli.js';

let cwd: string;
let repository: BareRepository;
let remove: () => Promise<void>;

beforeEach(async () => {
  ({ path: cwd, remove } = await temporaryDirectory());
  repository = await BareRepository.create(join(cwd, 'flows.git'), {
    '_flows/a.yml': flowSource('any', 'a'),
    '_flows/b.yml': flowSource('any', 'b'),
  });
  const task = `  - id: git\n    type: git.SyncFlows\n    url: ${pathToFileURL(repository.path)}\n    targetNamespace: company.team\n    delete: true\n`;
  await writeFile(join(cwd, 'sync.yml'), `id: sync\nnamespace: system\ntasks:\n${task}`);
});
afterEach(() => remove());

function plan(...options: string[]) {
  return cli(['plan', 'sync.yml', ...options], { cwd });
}

describe('flowgit plan', () => {
  it('shows every change with its sign and its lines, and the counts', async () => {
    await cli(['run', 'sync.yml', '-q'], { cwd });
    const tip = await repository.commit({
      '_flows/a.yml': flowSource('any', 'a', 'description: new\n'),
      '_flows/b.yml': null,
      '_flows/c.yml': flowSource('any', 'c'),
    });
    const { code, stdout } = await plan();
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'git (git.SyncFlows) dry run',
      `${pathToFileURL(repository.path)} main@${tip.slice(0, 10)} _flows → flows of company.team`,
      '  ~ _flows/a.yml  company.team.a  +1 -0',
      '  - _flows/b.yml  company.team.b  +0 -7',
      '  + _flows/c.yml  company.team.c  +7 -0',
      '1 added, 1 updated, 1 deleted, 0 unchanged',
      '',
      expect.stringMatching(/^SUCCESS system\.sync \d+ ms, nothing was written$/),
      '',
    ]);
  });

  it('writes nothing where the storage would be', async () => {
    await plan();
    expect(existsSync(join(cwd, 'flowgit-data'))).toBe(false);
  });

  it('shows the changed lines with --diff', async () => {
    await cli(['run', 'sync.yml', '-q'], { cwd });
    await repository.commit({ '_flows/a.yml': flowSource('any', 'a', 'description: new\n') });
    const { stdout } = await plan('--diff');
    expect(stdout).toContain('--- a/_flows/a.yml\n+++ b/_flows/a.yml\n');
    expect(stdout).toContain('\n+description: new\n');
  });

  it('tells changes by its exit code when it is asked to', async () => {
    expect((await plan()).code).toBe(0);
    expect((await plan('--detailed-exitcode')).code).toBe(2);
    await cli(['run', 'sync.yml', '-q'], { cwd });
    expect((await plan('--detailed-exitcode')).code).toBe(0);
    expect((await cli(['plan', 'none.yml', '--detailed-exitcode'], { cwd })).code).toBe(1);
    expect((await plan('--detailed-exitcode', '--nonsense')).code).toBe(1);
  });

  it('prints the execution and its plans as one JSON document', async () => {
    const { stdout } = await plan('--json');
    const document = JSON.parse(stdout) as { plans: { taskId: string }[] };
    expect(execution.parse(document)).toMatchObject({ state: 'SUCCESS', flowId: 'sync' });
    expect(document.plans.map(({ taskId }) => taskId)).toEqual(['git']);
    const [{ taskId, ...first } = { taskId: '' }] = document.plans;
    expect(planDocument.parse(first).summary).toMatchObject({ added: 2, unchanged: 0 });
    expect(
      (await plan('--json')).stdout.replaceAll(/"(executionId|startedAt|durationMs|flows)": .*/g, ''),
    ).toBe(stdout.replaceAll(/"(executionId|startedAt|durationMs|flows)": .*/g, ''));
  });

  it('shortens long plans and says where the rest is', async () => {
    const many = Array.from({ length: 60 }, (_, n) => [`_flows/f${n}.yml`, flowSource('any', `f${n}`)]);
    await repository.commit(Object.fromEntries(many));
    const { stdout } = await plan();
    expect(stdout.match(/^ {2}\+ /gm)).toHaveLength(50);
    expect(stdout).toMatch(/ {2}… and 12 more rows; all of them are in file:\/\/\/.*\.jsonl\n/);
    expect(stdout).toContain('62 added, 0 updated, 0 deleted, 0 unchanged');
  });
});
