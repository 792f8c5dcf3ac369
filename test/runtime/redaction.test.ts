import { describe, expect, it } from 'vitest';
import { Clone } from '../../tasks/clone.js';
import { execute, flowOf } from './harness.js';

const secrets = { TOKEN: 'correct-horse-battery\n', BAD: 'staple-fail' };

describe('a secret', () => {
  it('is real for tasks and masked in the execution, its events and its log', async () => {
    const seen: unknown[] = [];
    const ran = await execute(
      flowOf(`
variables: { token: "{{ secret('TOKEN') | trim }}" }
tasks:
  - { id: leak, type: test.Secretive, token: "{{ render(vars.token) }}" }
  - { id: use, type: core.debug.Return, format: "{{ outputs.leak.token }}" }
  - { id: look, type: test.Call, name: look }
  - { id: fail, type: test.Secretive, token: "{{ secret('BAD') }}" }
errors:
  - { id: tell, type: core.log.Log, message: "{{ error.message }} {{ errorLogs() }}" }
outputs: [{ id: token, value: "{{ outputs.leak.token }}" }]
`),
      {
        secrets,
        calls: { look: (context) => seen.push(context.variables.outputs) },
      },
    );
    expect(seen).toMatchObject([{ use: { value: 'correct-horse-battery' } }]);
    const everything = JSON.stringify([ran.execution, ran.events, ran.lines]);
    expect(everything).not.toContain('correct-horse');
    expect(everything).not.toContain('staple');
    expect(ran.execution.taskRuns[0]?.outputs).toMatchObject({
      token: '******',
      nested: { '******': ['******'] },
    });
    expect(ran.execution.taskRuns[3]?.error?.message).toBe('bad token ******');
    expect(ran.lines).toContain('INFO the token is ****** {"token":"******"}');
    expect(ran.events).toContainEqual({
      type: 'task-progress',
      taskId: 'leak',
      progress: { phase: 'receive', done: 1, message: 'remote says ******', taskId: 'leak' },
    });
  });

  it('that a later task or a plugin default holds as plain text is masked from the first line on', async () => {
    const ran = await execute(
      flowOf(`
inputs: [{ id: from, type: STRING, defaults: written-password }]
variables: { all: "written-password default-key url-user-info" }
tasks:
  - { id: early, type: core.log.Log, message: "{{ vars.all }} {{ secret('BAD') }}" }
  - id: late
    type: git.Clone
    url: https://ada:url-user-info@127.0.0.1/x.git
    password: written-password
    runIf: "{{ false }}"
pluginDefaults: [{ type: git, values: { privateKey: default-key, passphrase: "{{ secret('BAD') }}" } }]
`),
      { secrets, tasks: [Clone] },
    );
    expect(ran.lines[0]).toBe('INFO ****** ****** ****** ******');
    expect(JSON.stringify([ran.execution, ran.events])).not.toMatch(/written-|default-key|url-user/);
  });

  it('is masked in retries, iteration values and events of children', async () => {
    const ran = await execute(
      flowOf(`
tasks:
  - id: each
    type: core.flow.ForEach
    values: ["{{ secret('BAD') }}"]
    tasks: [{ id: one, type: test.Secretive, token: "{{ taskrun.value }}" }]
    retry: { type: constant, interval: PT1S, maxAttempts: 2, retryAll: true }
`),
      { secrets },
    );
    expect(ran.execution.state).toBe('FAILED');
    expect(JSON.stringify([ran.execution, ran.events, ran.lines])).not.toContain('staple');
  });

  it('that does not exist fails the task that asks for it', async () => {
    const ran = await execute(
      flowOf(`tasks: [{ id: one, type: core.log.Log, message: "{{ secret('NOPE') }}" }]`),
    );
    expect(ran.execution.taskRuns[0]?.error).toMatchObject({ code: 'SECRET_NOT_FOUND', retryable: false });
  });
});
