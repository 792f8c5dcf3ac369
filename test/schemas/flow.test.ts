import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { flowDefinition, tasksOf } from '../../schemas/flow.js';

const log = { id: 'hello', type: 'core.log.Log', message: 'Hi' };
const minimal = { id: 'hello', namespace: 'company.team', tasks: [log] };

function problems(flow: unknown): string[] {
  const result = flowDefinition.safeParse(flow);
  return result.success
    ? []
    : result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}

describe('flow definition', () => {
  it('lets keys it does not know pass', () => {
    const flow = flowDefinition.parse({ ...minimal, extend: { title: 'x' }, concurrency: { limit: 1 } });
    expect(flow).toMatchObject({ extend: { title: 'x' }, concurrency: { limit: 1 } });
    expect(flow.tasks[0]).toEqual(log);
  });

  it('takes labels as a map and as a list, and keys without a value as absent', () => {
    expect(problems({ ...minimal, labels: { team: 'a' } })).toEqual([]);
    expect(problems({ ...minimal, labels: [{ key: 'team', value: 'a' }] })).toEqual([]);
    expect(problems({ ...minimal, inputs: null, errors: null, triggers: null, description: null })).toEqual(
      [],
    );
  });

  it('needs an id, a namespace and a task', () => {
    expect(problems({ tasks: [] }).map((line) => line.split(':')[0])).toEqual(['id', 'namespace', 'tasks']);
    expect(problems({ ...minimal, tasks: [{ id: 'a' }] })[0]).toMatch(/^tasks\.0\.type/);
    expect(problems({ ...minimal, inputs: [{ type: 'STRING' }] })).toEqual([
      'inputs.0.id: an input needs an "id"',
    ]);
  });

  it('refuses a task id that is used twice, however deep', () => {
    const nested = {
      id: 'choose',
      type: 'core.flow.Switch',
      cases: { a: [{ id: 'dag', type: 'x.Dag', tasks: [{ task: { ...log } }] }] },
    };
    expect(problems({ ...minimal, tasks: [log, nested] })).toEqual([
      'tasks.1.cases.a.0.tasks.0.task.id: the task id "hello" is used twice in this flow',
    ]);
    expect(problems({ ...minimal, finally: [log] })).toHaveLength(1);
    expect(problems({ ...minimal, triggers: [{ id: 'hello', type: 'x' }] })).toEqual([]);
  });

  it('finds nested tasks in the order they stand and passes over lists that hold none', () => {
    const flow = parse(`
tasks:
  - { id: one, type: core.flow.If, then: [{ id: two, type: t }], else: [{ id: three, type: t }] }
  - { id: four, type: databricks.Job, tasks: [{ task_key: x }, y] }
errors: [{ id: five, type: t }]`);
    expect(tasksOf(flow).map(({ task, path }) => `${task.id} ${path.join('.')}`)).toEqual([
      'one tasks.0',
      'two tasks.0.then.0',
      'three tasks.0.else.0',
      'four tasks.1',
      'five errors.0',
    ]);
  });
});

const corpus = join(import.meta.dirname, '../../../shared/data/blueprints/flows');

describe.runIf(existsSync(corpus))('blueprints', () => {
  it.each(existsSync(corpus) ? readdirSync(corpus) : [])('%s is a flow', (file) => {
    expect(problems(parse(readFileSync(join(corpus, file), 'utf8')))).toEqual([]);
  });
});
