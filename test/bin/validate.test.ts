import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRegistry } from '../../bin/registry.js';
import { checkFlow } from '../../bin/validation/check-flow.js';
import { temporaryDirectory } from '../support/bare-repository.js';
import { flowSource } from '../support/world.js';
import { cli } from './cli.js';

const registry = createRegistry();
/** Flows that were published for Kestra, where they are there. */
const corpus = join(import.meta.dirname, '../../../shared/data/blueprints/flows');

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

const withTriggers = (...lines: string[]) =>
  `${flow('- {id: t, type: core.log.Log, message: hi}')}${['inputs:', '  - {id: day, type: INT, required: false}', 'triggers:', ...lines.map((line) => `  ${line}`), ''].join('\n')}`;

describe('checking the triggers of a flow', () => {
  const schedule = (...lines: string[]) =>
    check(withTriggers('- id: s', '  type: io.kestra.plugin.core.trigger.Schedule', ...lines));

  it.each([
    [
      '  cron: "61 * * * *"',
      '10:5: error triggers[0].cron is no cron expression: Invalid value for minute: 61',
    ],
    [
      '  cron: "* * * * * *"',
      '10:5: error triggers[0].cron is no cron expression: it has six fields; "withSeconds: true" makes the first one seconds',
    ],
    [
      '  cron: every day',
      '10:5: error triggers[0].cron is no cron expression: it has 2 fields, not 5: minute, hour, day, month and weekday',
    ],
    [
      '  cron: "@daly"',
      '10:5: error triggers[0].cron is no cron expression: of the names there are @yearly, @monthly, @weekly, @daily and @hourly',
    ],
    ['  cron: "0 0 30 2 *"', '10:5: error triggers[0].cron names a time that never comes'],
    [
      '  cron: "{{ vars.cron }}"',
      '10:5: error triggers[0].cron must be written out; expressions are not rendered here',
    ],
    [
      '  corn: "0 0 * * *"',
      '10:5: error triggers[0].corn is not a property of this trigger; did you mean "cron"?',
    ],
    [
      '  cron: "@daily"\n    timezone: Europe/Berln',
      '11:5: error triggers[0].timezone "Europe/Berln" is no time zone; write an IANA name such as Europe/Paris',
    ],
    [
      '  cron: "@daily"\n    recoverMissedSchedules: SOME',
      '11:5: error triggers[0].recoverMissedSchedules must be one of ALL, LAST, NONE',
    ],
    [
      '  cron: "@daily"\n    disabled: "{{ vars.off }}"',
      '11:5: error triggers[0].disabled must be one of true, false; expressions are not rendered here',
    ],
    [
      '  cron: "@daily"\n    inputs: {day: soon}',
      '11:14: error triggers[0].inputs.day must be a whole number',
    ],
    [
      '  cron: "@daily"\n    inputs: {dya: 1}',
      '11:14: error triggers[0].inputs.dya is not an input of this flow; did you mean "day"?',
    ],
    [
      '  cron: "@daily"\n    stopAfter: [FAILED]',
      '11:5: warning triggers[0].stopAfter is not used by flowgit: the trigger is run without it',
    ],
  ])('points at what is wrong with a schedule: %s', (lines, finding) => {
    expect(schedule(lines)).toContain(finding);
  });

  it.each([
    [
      '{type: DayWeek, dayOfWek: MONDAY}',
      'error triggers[0].conditions[0].dayOfWek is not a property of this condition; did you mean "dayOfWeek"?',
    ],
    [
      '{type: core.condition.DayWeekInMonth, dayOfWeek: MONDAY, dayInMonth: FIFTH}',
      'error triggers[0].conditions[0].dayInMonth must be one of FIRST, SECOND, THIRD, FOURTH, LAST',
    ],
    [
      '{type: TimeBetween, after: noon}',
      'error triggers[0].conditions[0].after must be a time of day with its offset, such as 16:20:00+02:00',
    ],
    ['{type: DateTimeBetween}', 'error triggers[0].conditions[0] needs "after", "before" or both'],
    [
      '{type: Not, conditions: [{type: io.kestra.plugin.core.condition.PublicHoliday, country: FR}]}',
      'warning triggers[0].conditions[0].conditions[0]: flowgit does not have the condition io.kestra.plugin.core.condition.PublicHoliday, and does not run this trigger',
    ],
    [
      '{type: Weekend, date: "{{ now() }}"}',
      'warning triggers[0].conditions[0].date is not {{ trigger.date }}, which alone flowgit compares: it does not run this trigger',
    ],
  ])('judges conditions it has, and warns of others: %s', (condition, finding) => {
    const found = schedule('  cron: "@daily"', `  conditions: [${condition}]`);
    expect(found.map((line) => line.replace(/^\d+:\d+: /, ''))).toContain(finding);
  });

  it('points at what is wrong with webhooks and pushes', () => {
    const push = '{id: p, type: git.trigger.Push, secret: "{{ secret(\'HOOK\') }}"';
    expect(
      check(
        withTriggers(
          '- {id: a, type: core.trigger.Webhook}',
          '- {id: b, type: core.trigger.Webhook, key: 123}',
          '- {id: b, type: core.trigger.Webhook, key: long-enough}',
        ),
      ),
    ).toEqual(['10:10: error triggers[2].id: the trigger id "b" is used twice in this flow']);
    expect(
      check(
        withTriggers(
          '- {id: a, type: core.trigger.Webhook}',
          '- {id: b, type: core.trigger.Webhook, key: 123}',
          `- ${push}, provider: forge, url: "https://example.com/a/b"}`,
          `- ${push.replace('id: p', 'id: q')}, provider: gitea, url: here, branches: []}`,
        ),
      ),
    ).toEqual([
      '8:5: error triggers[0].key is required',
      '9:41: error triggers[1].key must be a string, not a number (put it in quotes)',
      '10:69: error triggers[2].provider must be one of github, gitlab, gitea, bitbucket',
      '11:86: error triggers[3].url must be the address of a repository, such as https://github.com/company/flows',
      '11:97: error triggers[3].branches must not be empty',
    ]);
  });

  it('warns of a trigger type it does not have, and of required inputs that nothing gives', () => {
    const source = withTriggers(
      '- {id: a, type: io.kestra.plugin.core.trigger.Flow, whatever: 1}',
      '- {id: b, type: core.trigger.Shedule, cron: "@daily"}',
      '- {id: c, type: core.trigger.Schedule, cron: "@daily"}',
    ).replace('required: false', 'required: true');
    expect(check(source)).toEqual([
      '8:19: warning triggers[0]: flowgit does not have the trigger type io.kestra.plugin.core.trigger.Flow, and does not run it',
      '9:19: warning triggers[1]: flowgit does not have the trigger type core.trigger.Shedule, and does not run it; did you mean core.trigger.Schedule?',
      '10:5: warning triggers[2].inputs does not give the input "day", which the flow requires: every run of this trigger fails',
    ]);
  });
});

describe.runIf(existsSync(corpus))('blueprints', () => {
  it('have no mistakes in their triggers', async () => {
    const files = await readdir(corpus);
    const found = await Promise.all(
      files.map(async (file) => {
        const findings = checkFlow(await readFile(join(corpus, file), 'utf8'), registry);
        return findings.filter(
          ({ severity, message }) => severity === 'error' && message.startsWith('triggers'),
        );
      }),
    );
    expect(files.length).toBeGreaterThan(100);
    expect(found.flat()).toEqual([]);
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

  it('exits with 1 for a trigger that could not be run, and with 0 for one of another engine', async () => {
    const trigger = (text: string) => `${flowSource('n', 'good')}triggers:\n  - ${text}\n`;
    await writeFile(join(cwd, 'bad.yml'), trigger('{id: a, type: core.trigger.Schedule, cron: "* *"}'));
    const { code, stdout } = await cli(['validate', 'bad.yml'], { cwd });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^bad\.yml:\d+:42: triggers\[0\]\.cron is no cron expression: it has 2 fields/);
    await writeFile(join(cwd, 'other.yml'), trigger('{id: a, type: io.kestra.plugin.core.trigger.Flow}'));
    expect((await cli(['validate', 'other.yml'], { cwd })).code).toBe(0);
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

  it('checks the flows in storage, and names them as storage does', async () => {
    const none = await cli(['validate', '--stored'], { cwd });
    expect(none).toMatchObject({ code: 0, stderr: '0 stored flows checked, 0 invalid\n' });
    await mkdir(join(cwd, 'flowgit-data/flows/n.below'), { recursive: true });
    const trigger = 'triggers:\n  - {id: a, type: core.trigger.Schedule, cron: "* *"}\n';
    await writeFile(join(cwd, 'flowgit-data/flows/n.below/a.yml'), flowSource('n.below', 'a') + trigger);
    await writeFile(join(cwd, 'flowgit-data/flows/n.below/b.yml'), flowSource('n.below', 'b'));
    const { code, stdout, stderr } = await cli(['validate', '--stored'], { cwd });
    expect({ code, stderr }).toEqual({ code: 1, stderr: '2 stored flows checked, 1 invalid\n' });
    expect(stdout).toMatch(/^n\.below\/a:\d+:42: triggers\[0\]\.cron is no cron expression/);
    for (const argv of [['validate'], ['validate', '--stored', 'flows']]) {
      expect((await cli(argv, { cwd })).stderr).toContain('Give the paths of flow files, or --stored.');
    }
  });

  it('fails on a path that is not there', async () => {
    const { code, stderr } = await cli(['validate', 'flws'], { cwd });
    expect(code).toBe(1);
    expect(stderr).toContain('error FLOW_NOT_FOUND: There is no flws.');
  });
});
