import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRegistry } from '../../bin/registry.js';
import { checkFlow } from '../../bin/validation/check-flow.js';
import { temporaryDirectory } from '../support/bare-repository.js';
import { flowSource } from '../support/world.js';
import { cli } from './cli.js';

const registry = createRegistry();

function check(source: string): string[] {
  return checkFlow(source, registry).map(
    ({ line, column, severity, message }) => `${line}:${column}: ${severity} ${message}`,
  );
}

function flow(...lines: string[]): string {
  return ['id: f', 'namespace: n', 'tasks:', ...lines.map((line) => `  ${line}`), ''].join('\n');
}

describe('checking a flow', () => {
  it('finds nothing wrong with any documented example', () => {
    const examples = registry.list().flatMap((type) => type.examples.map((example) => ({ type, example })));
    expect(examples.length).toBeGreaterThan(5);
    for (const { type, example } of examples) {
      const errors = checkFlow(example.flow, registry).filter(({ severity }) => severity === 'error');
      expect({ type: type.type, title: example.title, errors }).toEqual({
        type: type.type,
        title: example.title,
        errors: [],
      });
    }
  });

  it('points at an unknown property and names the nearest one', () => {
    const source = flow(
      '- id: t',
      '  type: git.SyncFlows',
      '  url: https://x',
      '  targetNamespace: a',
      '  brnch: b',
    );
    expect(check(source)).toEqual([
      '8:5: error tasks[0].brnch is not a property of this task; did you mean "branch"?',
    ]);
  });

  it('points at the task that lacks a required property', () => {
    expect(check(flow('- id: t', '  type: git.SyncFlows', '  targetNamespace: a'))).toEqual([
      '4:5: error tasks[0].url is required',
    ]);
  });

  it('counts what plugin defaults provide', () => {
    const defaults = 'pluginDefaults:\n  - type: io.kestra.plugin.git\n    values: {url: https://x}\n';
    expect(check(`${flow('- id: t', '  type: git.SyncFlows', '  targetNamespace: a')}${defaults}`)).toEqual(
      [],
    );
  });

  it('warns of a task type it does not have, and goes on', () => {
    expect(
      check(flow('- id: t', '  type: io.kestra.plugin.scripts.shell.Commands', '  commands: [ls]')),
    ).toEqual([
      '5:11: warning tasks[0]: flowgit does not have the task type io.kestra.plugin.scripts.shell.Commands',
    ]);
    expect(check(flow('- id: t', '  type: git.SyncFlow'))).toEqual([
      '5:11: warning tasks[0]: flowgit does not have the task type git.SyncFlow; did you mean git.SyncFlows?',
    ]);
  });

  it('suggests no type of another plugin that has only a long beginning in common', () => {
    for (const type of ['io.kestra.plugin.core.http.Download', 'io.kestra.plugin.email.MailSend']) {
      expect(check(flow('- id: t', `  type: ${type}`))).toEqual([
        `5:11: warning tasks[0]: flowgit does not have the task type ${type}`,
      ]);
    }
    expect(check(flow('- id: t', '  type: io.kestra.plugin.git.SyncFlow'))).toEqual([
      expect.stringMatching(/; did you mean io\.kestra\.plugin\.git\.SyncFlows\?$/),
    ]);
  });

  it('judges no expression in texts about the flow', () => {
    const source = flow('- {id: t, type: core.log.Log, message: hi}');
    expect(check(`${source}description: "as {{ ... }}"\nextend: {about: "{{ kv(...) }}"}\n`)).toEqual([]);
  });

  it('says in plain words what is missing, too small or of another kind', () => {
    expect(check('id: [a]\ntasks: []\ninputs: [{id: a}, {id: b, type: ""}]\n')).toEqual([
      '1:1: error namespace: is required',
      '1:5: error id: must be a string, not a list',
      '2:8: error tasks: must not be empty',
      '3:10: error inputs[0].type: is required',
      '3:33: error inputs[1].type: must not be empty',
    ]);
  });

  it('says of a file that is no YAML only the first of it', () => {
    const found = check(`id: f\nnamespace: n\ntasks: ${'['.repeat(20_000)}`);
    expect(found.length).toBeLessThanOrEqual(21);
    expect(new Set(found).size).toBe(found.length);
    expect(found.join('\n')).not.toContain('call stack');
  });

  it('looks into tasks inside tasks', () => {
    const source = flow(
      '- id: each',
      '  type: core.flow.ForEach',
      '  values: [a]',
      '  tasks:',
      '    - id: log',
      '      type: core.log.Log',
      '      mesage: hi',
    );
    expect(check(source)).toContain(
      '10:9: error tasks[0].tasks[0].mesage is not a property of this task; did you mean "message"?',
    );
  });

  it('parses the expressions of the whole flow, and judges no value that holds one', () => {
    const source = flow(
      '- id: t',
      '  type: core.log.Log',
      '  message: "{{ inputs.a | }}"',
      "  timeout: '{{ inputs.t }}'",
    );
    expect(check(source)).toEqual([expect.stringMatching(/^6:14: error tasks\[0\]\.message: cannot parse /)]);
  });

  it('checks the properties that every task takes', () => {
    expect(check(flow('- id: t', '  type: core.log.Log', '  message: hi', '  timeout: soon'))).toEqual([
      '7:5: error tasks[0].timeout must be an ISO 8601 duration such as PT30S',
    ]);
  });
});

describe('flowgit validate', () => {
  let cwd: string;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    ({ path: cwd, remove } = await temporaryDirectory());
    await mkdir(join(cwd, 'flows/deep/.hidden'), { recursive: true });
    await writeFile(join(cwd, 'flows/good.yml'), flowSource('n', 'good'));
    await writeFile(join(cwd, 'flows/deep/other.yaml'), flowSource('n', 'other'));
    await writeFile(join(cwd, 'flows/deep/.hidden/x.yml'), '[');
    await writeFile(join(cwd, 'flows/readme.md'), '[');
    await symlink('good.yml', join(cwd, 'flows/link.yml'));
  });
  afterEach(() => remove());

  it('exits with 0 when every file is valid', async () => {
    const { code, stdout, stderr } = await cli(['validate', 'flows'], { cwd });
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: '',
      stderr: '2 flow files checked, 0 invalid\n',
    });
  });

  it('exits with 1 and says file:line:col for each problem', async () => {
    await writeFile(join(cwd, 'flows/bad.yml'), 'id: bad\nnamespace: n\ntasks: [\n');
    await writeFile(join(cwd, 'flows/empty.yml'), '');
    await writeFile(join(cwd, 'flows/binary.yml'), new Uint8Array([0xff, 0xfe]));
    const { code, stdout } = await cli(['validate', 'flows', 'flows/good.yml'], { cwd });
    expect(code).toBe(1);
    expect(stdout.trim().split('\n')).toEqual([
      expect.stringMatching(/^flows\/bad\.yml:4:1: .+/),
      'flows/binary.yml:1:1: flows/binary.yml is not UTF-8 text.',
      'flows/empty.yml:1:1: Not a flow: the file is empty',
    ]);
  });

  it('gives programs the same as JSON', async () => {
    await writeFile(join(cwd, 'flows/empty.yml'), '');
    const { code, stdout } = await cli(['validate', '--json', 'flows/empty.yml', 'flows/good.yml'], { cwd });
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      files: [
        {
          file: 'flows/empty.yml',
          valid: false,
          problems: [{ severity: 'error', message: 'Not a flow: the file is empty', line: 1, column: 1 }],
        },
        { file: 'flows/good.yml', valid: true, problems: [] },
      ],
      summary: { valid: 1, invalid: 1 },
    });
  });

  it('fails on a path that is not there', async () => {
    const { code, stderr } = await cli(['validate', 'flws'], { cwd });
    expect(code).toBe(1);
    expect(stderr).toContain('error FLOW_NOT_FOUND: There is no flws.');
  });
});
