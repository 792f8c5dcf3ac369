import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createRegistry } from '../../bin/registry.js';
import { cli } from './cli.js';

const registry = createRegistry();
const cwd = import.meta.dirname;

async function validator(...argv: string[]) {
  const { code, stdout } = await cli(['schema', ...argv], { cwd });
  expect(code).toBe(0);
  // Editors pass over keywords they do not know, such as `deprecationMessage`.
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  const validate = ajv.compile(JSON.parse(stdout) as object);
  return (value: unknown) => {
    validate(value);
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  };
}

describe('flowgit schema', () => {
  it('accepts every documented example', async () => {
    const validate = await validator();
    for (const type of registry.list()) {
      for (const { title, flow } of type.examples) {
        expect({ type: type.type, title, errors: validate(parse(flow)) }).toEqual({
          type: type.type,
          title,
          errors: [],
        });
      }
    }
  });

  it('checks a known task by its type, under each of its names', async () => {
    const validate = await validator();
    for (const type of ['git.SyncFlows', 'io.kestra.plugin.git.SyncFlows']) {
      const task = { id: 'a', type, url: 'https://x', targetNamespace: 'a', brnch: 'b' };
      expect(validate({ id: 'f', namespace: 'n', tasks: [task] })).toContain(
        '/tasks/0 must NOT have additional properties',
      );
    }
  });

  it('checks tasks inside tasks', async () => {
    const validate = await validator();
    const inner = { id: 'b', type: 'core.log.Log', message: 'hi', mesage: 'hi' };
    const outer = { id: 'a', type: 'core.flow.ForEach', values: [1], tasks: [inner] };
    expect(validate({ id: 'f', namespace: 'n', tasks: [outer] })).toContain(
      '/tasks/0/tasks/0 must NOT have additional properties',
    );
  });

  it('lets pass task types that flowgit does not have', async () => {
    const validate = await validator();
    const task = { id: 'a', type: 'io.kestra.plugin.scripts.shell.Commands', commands: ['ls'] };
    expect(validate({ id: 'f', namespace: 'n', tasks: [task] })).toEqual([]);
  });

  it('checks triggers by their type, and lets pass those that flowgit does not have', async () => {
    const [flow, any, one] = [
      await validator(),
      await validator('trigger'),
      await validator('core.trigger.Schedule'),
    ];
    const good = { id: 'a', type: 'io.kestra.plugin.core.trigger.Schedule', cron: '@daily', disabled: true };
    const { cron, ...bad } = { ...good, corn: '@daily' };
    expect(cron).toBe('@daily');
    const missing = "must have required property 'cron'";
    for (const [validate, wrap, path] of [
      [
        flow,
        (trigger: object) => ({
          id: 'f',
          namespace: 'n',
          tasks: [{ id: 't', type: 'core.log.Log', message: 'hi' }],
          triggers: [trigger],
        }),
        '/triggers/0',
      ],
      [any, (trigger: object) => trigger, ''],
      [one, (trigger: object) => trigger, ''],
    ] as const) {
      expect(validate(wrap(good))).toEqual([]);
      expect(validate(wrap(bad))).toEqual(
        expect.arrayContaining([`${path} ${missing}`, `${path} must NOT have additional properties`]),
      );
    }
    expect(any({ id: 'a', type: 'io.kestra.plugin.core.trigger.Flow', preconditions: {} })).toEqual([]);
  });

  it('takes an expression for any property of a task', async () => {
    const validate = await validator('git.SyncFlows');
    const task = {
      id: 'a',
      type: 'git.SyncFlows',
      url: 'https://x',
      targetNamespace: '{{ inputs.namespace }}',
    };
    const expression = '{{ inputs.x }}';
    expect(validate({ ...task, dryRun: expression, connectTimeout: expression })).toEqual([]);
    expect(validate({ ...task, dryRun: 'perhaps' })).not.toEqual([]);
  });
});

describe('flowgit tasks', () => {
  it('lists every task with what it does', async () => {
    const { code, stdout } = await cli(['tasks'], { cwd });
    expect(code).toBe(0);
    for (const { type, title } of registry.list()) {
      expect(stdout).toMatch(new RegExp(`^${type} +${title.replaceAll(/[.*+?()[\]{}|\\^$]/g, '\\$&')}`, 'm'));
    }
    const { stdout: json } = await cli(['tasks', '--json'], { cwd });
    expect((JSON.parse(json) as { type: string }[]).map(({ type }) => type)).toEqual(
      registry.list().map(({ type }) => type),
    );
  });

  it('shows the properties, defaults, outputs and examples of each task', async () => {
    for (const type of registry.list()) {
      const { code, stdout } = await cli(['tasks', type.type], { cwd });
      expect(code).toBe(0);
      for (const property of Object.keys(type.properties.shape)) expect(stdout).toContain(`  ${property}  `);
      for (const { flow } of type.examples) expect(stdout).toContain(flow);
      const { stdout: json } = await cli(['tasks', type.type, '--json'], { cwd });
      const document = JSON.parse(json) as { type: string; properties: { properties: object } };
      expect(document.type).toBe(type.type);
      expect(Object.keys(document.properties.properties)).toEqual(Object.keys(type.properties.shape));
    }
  });

  it("shows types as people write them, for Kestra's name as well", async () => {
    const { stdout } = await cli(['tasks', 'io.kestra.plugin.git.SyncFlows'], { cwd });
    expect(stdout).toContain('git.SyncFlows  Sync flows from git into a namespace.');
    expect(stdout).toContain('also io.kestra.plugin.git.SyncFlows');
    expect(stdout).toContain('  url  string, required\n');
    expect(stdout).toContain('  dryRun  boolean, default false\n');
    expect(stdout).toContain('  connectTimeout  integer, default 10000\n');
    expect(stdout).toContain('  gitDirectory  string, default "_flows"\n');
    expect(stdout).toContain('  deleteScope  "ALL" | "OWNED", default "ALL"\n');
    expect(stdout).toContain('  branch  string, default "main"\n');
  });

  it('suggests the nearest task for one it does not have', async () => {
    const { code, stderr } = await cli(['tasks', 'git.SyncFlow'], { cwd });
    expect(code).toBe(1);
    expect(stderr).toContain('error UNKNOWN_TASK_TYPE');
    expect(stderr).toContain('Did you mean git.SyncFlows?');
    const { stdout } = await cli(['tasks', 'git.SyncFlow', '--json'], { cwd });
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'UNKNOWN_TASK_TYPE' } });
  });
});
