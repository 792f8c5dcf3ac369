import { describe, expect, it } from 'vitest';
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
