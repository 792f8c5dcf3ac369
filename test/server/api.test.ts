import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import {
  executionDocument,
  executionList,
  flowDocument,
  flowList,
  logList,
  syncList,
} from '../../schemas/api.js';
import { flowSource } from '../support/world.js';
import { openServerWorld, type ServerWorld } from './server-world.js';

let world: ServerWorld;
beforeEach(async () => {
  world = await openServerWorld();
});
afterEach(() => world.close());

const api = '/api/v1/main';
const json = async (response: Response) => (await response.json()) as Record<string, unknown>;
const hello = flowSource('company.team', 'hello');
const create = (source = hello) => world.request('POST', `${api}/flows`, source);

describe('flows', () => {
  it('are created, read, replaced under If-Match, and deleted', async () => {
    const created = await create();
    expect(created.status).toBe(201);
    const first = flowDocument.parse(await created.json());
    expect(first).toMatchObject({ namespace: 'company.team', id: 'hello', revision: 1, source: hello });
    const tag = created.headers.get('etag') ?? '';
    const path = `${api}/flows/company.team/hello`;

    const replaced = await world.request('PUT', path, `${hello}# two\n`, { 'If-Match': tag });
    expect(replaced.status).toBe(200);
    expect(await json(replaced)).toMatchObject({ revision: 2 });
    const stale = await world.request('PUT', path, `${hello}# three\n`, { 'If-Match': tag });
    expect(stale.status).toBe(412);
    expect(await json(stale)).toMatchObject({ code: 'PRECONDITION_FAILED', retryable: false });
    expect(await json(await world.request('GET', path))).toMatchObject({ source: `${hello}# two\n` });

    expect((await world.request('DELETE', path, undefined, { 'If-Match': tag })).status).toBe(412);
    expect((await world.request('DELETE', path)).status).toBe(204);
    expect(await json(await world.request('GET', path))).toMatchObject({ code: 'FLOW_NOT_FOUND' });
  });

  it('are listed with what this engine cannot run', async () => {
    await create();
    await create(flowSource('company.other', 'strange', '  - id: x\n    type: com.example.Other\n'));
    const all = flowList.parse(await json(await world.request('GET', `${api}/flows`)));
    expect(all.flows.map(({ id, unknownTypes }) => [id, unknownTypes])).toEqual([
      ['strange', ['com.example.Other']],
      ['hello', []],
    ]);
    const own = flowList.parse(await json(await world.request('GET', `${api}/flows/company.team`)));
    expect(own.flows.map(({ id }) => id)).toEqual(['hello']);
    const start = await world.request('POST', `${api}/executions/company.other/strange`, {});
    expect(start.status).toBe(422);
    expect(await json(start)).toMatchObject({ code: 'UNKNOWN_TASK_TYPE' });
  });

  it('are listed with the triggers that start nothing, and why', async () => {
    const triggers = (...lines: string[]) =>
      flowSource('company.team', 'hello').concat('triggers:\n', ...lines.map((line) => `  - ${line}\n`));
    const ok = '{id: ok, type: core.trigger.Schedule, cron: "@daily"}';
    const bad = '{id: bad, type: core.trigger.Schedule, cron: "* *"}';
    const refused = await create(triggers(ok, bad));
    expect(refused.status).toBe(422);
    const problem = await json(refused);
    expect(problem).toMatchObject({ code: 'INVALID_FLOW', problems: [{ severity: 'error' }] });
    expect(problem.message).toMatch(/\d+:\d+: triggers\[1\]\.cron is no cron expression/);
    expect(await json(await world.request('POST', `${api}/flows/validate`, triggers(bad)))).toMatchObject({
      valid: false,
    });
    // A sync, or somebody with an editor, stores what the API does not.
    const content = Buffer.from(
      triggers(
        ok,
        bad,
        '{id: off, type: core.trigger.Schedule, cron: "@daily", disabled: true}',
        '{id: other, type: io.kestra.plugin.core.trigger.Flow}',
        '{id: holiday, type: core.trigger.Schedule, cron: "@daily", conditions: [{type: PublicHoliday}]}',
      ),
    );
    const key = { kind: 'flow', namespace: 'company.team', id: 'hello' } as const;
    await world.engine.storage.apply({ changes: [{ action: 'put', key, content, expectedOid: null }] });
    const { flows } = flowList.parse(await json(await world.request('GET', `${api}/flows`)));
    expect(flows[0]?.idleTriggers).toEqual([
      {
        id: 'bad',
        type: 'core.trigger.Schedule',
        cause: 'invalid',
        reason: 'cron is no cron expression: it has 2 fields, not 5: minute, hour, day, month and weekday',
      },
      { id: 'off', type: 'core.trigger.Schedule', cause: 'disabled', reason: 'the trigger is disabled' },
      {
        id: 'other',
        type: 'io.kestra.plugin.core.trigger.Flow',
        cause: 'unknown',
        reason:
          'flowgit does not have the trigger type io.kestra.plugin.core.trigger.Flow, and does not run it',
      },
      {
        id: 'holiday',
        type: 'core.trigger.Schedule',
        cause: 'unknown',
        reason: 'flowgit does not have the condition PublicHoliday, and does not run this trigger',
      },
    ]);
  });

  it('that are invalid, there already or of another name are refused, and nothing is written', async () => {
    const invalid = await create('id: x\nnamespace: company.team\ntasks: []\n');
    expect(invalid.status).toBe(422);
    expect(await json(invalid)).toMatchObject({ code: 'INVALID_FLOW', problems: [{ line: 3 }] });
    await create();
    expect((await create()).status).toBe(409);
    const renamed = await world.request(
      'PUT',
      `${api}/flows/company.team/hello`,
      flowSource('company.team', 'x'),
    );
    expect(await json(renamed)).toMatchObject({ code: 'INVALID_ARGUMENTS' });
    const { flows } = flowList.parse(await json(await world.request('GET', `${api}/flows`)));
    expect(flows).toHaveLength(1);
  });

  it('are validated without being stored', async () => {
    const answer = await world.request('POST', `${api}/flows/validate`, 'id: x\n');
    expect(await json(answer)).toMatchObject({ valid: false, problems: [{ line: 1 }, { line: 1 }] });
    expect(await json(await world.request('POST', `${api}/flows/validate`, hello))).toEqual({
      valid: true,
      problems: [],
    });
  });

  it('have no revision of a number that none can have', async () => {
    await create();
    for (const revision of ['0', '1.5', 'x', '2147483648', '99999999999999999999']) {
      const answer = await world.request('GET', `${api}/flows/company.team/hello?revision=${revision}`);
      expect(answer.status).toBe(400);
    }
  });

  it('have no revisions where the storage keeps none, and that is said', async () => {
    await create();
    const answer = await world.request('GET', `${api}/flows/company.team/hello/revisions`);
    const expected = world.engine.storage.history === undefined ? 422 : 200;
    expect(answer.status).toBe(expected);
  });
});

describe('namespace files', () => {
  const path = `${api}/namespaces/company.team/files`;

  it('are stored, read back byte for byte, listed and deleted', async () => {
    const bytes = Uint8Array.from([0, 255, 10, 13, 128]);
    const stored = await world.request('PUT', `${path}?path=sql/a.bin`, bytes, { 'If-None-Match': '*' });
    expect(stored.status).toBe(200);
    expect(
      (await world.request('PUT', `${path}?path=sql/a.bin`, bytes, { 'If-None-Match': '*' })).status,
    ).toBe(412);
    const read = await world.request('GET', `${path}?path=sql/a.bin`);
    expect(new Uint8Array(await read.arrayBuffer())).toEqual(bytes);
    expect(read.headers.get('etag')).toBe(stored.headers.get('etag'));
    expect(await json(await world.request('GET', path))).toMatchObject({
      files: [{ path: 'sql/a.bin', size: 5 }],
    });
    expect((await world.request('DELETE', `${path}?path=sql/a.bin`)).status).toBe(204);
    expect((await world.request('GET', `${path}?path=sql/a.bin`)).status).toBe(404);
  });

  it.each(['../x', '/etc/passwd', 'a/../../b', '.git/config', 'a%00b', 'a\\b', '.flowgit/x'])(
    'do not leave their namespace by %s',
    async (name) => {
      const encoded = name.includes('%00') ? name : encodeURIComponent(name);
      const answer = await world.request('PUT', `${path}?path=${encoded}`, 'x');
      expect(answer.status).toBe(400);
      expect(await json(answer)).toMatchObject({ code: 'UNSAFE_PATH' });
    },
  );
});

describe('executions', () => {
  it('are started, carried out, and tell their logs and task runs', async () => {
    await create();
    const started = await json(await world.request('POST', `${api}/executions/company.team/hello`, {}));
    await world.work();
    const record = executionDocument.parse(
      await json(await world.request('GET', `${api}/executions/${String(started.id)}`)),
    );
    expect(record).toMatchObject({
      state: 'SUCCESS',
      trigger: { type: 'api' },
      taskRuns: [{ taskId: 'log' }],
    });
    const { lines } = logList.parse(await json(await world.request('GET', `${api}/logs/${record.id}`)));
    expect(lines.some(({ message }) => message.includes('from hello'))).toBe(true);

    const replay = await json(await world.request('POST', `${api}/executions/${record.id}/replay`));
    expect(replay.started).toBe(true);
    expect(await json(await world.request('GET', `${api}/executions?state=QUEUED`))).toMatchObject({
      executions: [{ id: replay.id, trigger: { type: 'replay', id: record.id } }],
    });
    const killed = await world.request('DELETE', `${api}/executions/${String(replay.id)}/kill`);
    expect(killed.status).toBe(202);
    expect(await json(await world.request('GET', `${api}/executions/${String(replay.id)}`))).toMatchObject({
      state: 'CANCELLED',
    });
    expect((await world.request('DELETE', `${api}/executions/${record.id}/kill`)).status).toBe(409);
    expect(await (await world.request('GET', '/metrics')).text()).toContain(
      'flowgit_execution_total{state="SUCCESS"} 1',
    );
  });

  it('tell their log as it comes, and go on where a client was', async () => {
    await create();
    const { id } = await json(await world.request('POST', `${api}/executions/company.team/hello`, {}));
    const following = world
      .request('GET', `${api}/logs/${String(id)}/follow`)
      .then((answer) => answer.text());
    await world.work();
    const events = (await following).split('\n').filter((line) => line.startsWith('event: '));
    expect(events.at(0)).toBe('event: state');
    expect(events).toContain('event: log');
    expect(events.at(-1)).toBe('event: end');
    const { lines } = logList.parse(await json(await world.request('GET', `${api}/logs/${String(id)}`)));
    const last = String(lines.at(-1)?.number);
    const again = await world.request('GET', `${api}/logs/${String(id)}/follow`, undefined, {
      'Last-Event-ID': last,
    });
    expect(await again.text()).not.toContain('event: log');
  });

  it('are not made of a flow that is disabled', async () => {
    await create(`${hello}disabled: true\n`);
    const refused = await world.request('POST', `${api}/executions/company.team/hello`);
    expect(refused.status).toBe(409);
    expect(await json(refused)).toMatchObject({
      code: 'CONFLICT',
      message: 'The flow company.team.hello is disabled.',
    });
    expect(await json(await world.request('GET', `${api}/executions`))).toEqual({ executions: [] });
  });

  it('that nobody knows are not found', async () => {
    for (const [method, rest] of [
      ['GET', ''],
      ['GET', '/plans'],
      ['POST', '/replay'],
      ['DELETE', '/kill'],
    ] as const) {
      const answer = await world.request(method, `${api}/executions/nothing${rest}`);
      expect(await json(answer)).toMatchObject({ code: 'EXECUTION_NOT_FOUND' });
    }
  });
});

describe('webhooks', () => {
  const trigger = 'triggers:\n  - id: hook\n    type: core.trigger.Webhook\n    key: k3y-of-the-hook\n';

  it("start a flow at Kestra's address, with the right key alone", async () => {
    await create(hello + trigger);
    const path = (key: string) => `${api}/executions/webhook/company.team/hello/${key}`;
    expect((await world.request('POST', path('wrong'), { a: 1 })).status).toBe(404);
    const right = await world.request('POST', path('k3y-of-the-hook'), { a: 1 });
    expect(right.status).toBe(200);
    const { id } = await json(right);
    expect(await json(await world.request('GET', `${api}/executions/${String(id)}`))).toMatchObject({
      trigger: { type: 'webhook', id: 'hook', variables: { body: { a: 1 } } },
    });
  });
});

describe('deliveries of git hosts', () => {
  it.each(['github', 'gitlab', 'gitea', 'bitbucket'])('of %s start nothing unsigned', async (host) => {
    await create();
    const answer = await world.request('POST', `/api/v1/webhooks/${host}`, { ref: 'refs/heads/main' });
    expect(answer.status).toBe(401);
    expect(await json(answer)).toMatchObject({ code: 'WEBHOOK_SIGNATURE_INVALID' });
    expect(await world.engine.queue.depth()).toMatchObject({ waiting: 0, running: 0 });
  });
});

describe('secrets', () => {
  it('are stored and named, and can never be read back', async () => {
    const path = `${api}/namespaces/company.team/secrets`;
    expect((await world.request('PUT', `${path}/TOKEN`, { value: 'hunter-two' })).status).toBe(204);
    const listed = await (await world.request('GET', path)).text();
    expect(listed).toContain('"TOKEN"');
    expect(listed).not.toContain('hunter-two');
    expect(await world.secrets.get('TOKEN', 'company.team.below')).toBe('hunter-two');
    expect((await world.request('GET', `${path}/TOKEN`)).status).toBe(405);
    expect((await world.request('DELETE', `${path}/TOKEN`)).status).toBe(204);
    expect((await world.request('DELETE', `${path}/TOKEN`)).status).toBe(404);
  });
});

describe('hints', () => {
  it('name nothing that only the command line has', async () => {
    await create(
      flowSource(
        'company.team',
        'fails',
        '  - id: s\n    type: core.log.Log\n    message: "{{ secret(\'NONE\') }}"\n',
      ),
    );
    await create(
      `${flowSource('company.team', 'needs')}inputs:\n  - id: must\n    type: INT\n    defaults: "{{ 'x' }}"\n`,
    );
    for (const id of ['fails', 'needs'])
      await world.request('POST', `${api}/executions/company.team/${id}`, {});
    await world.work();
    const { executions } = executionList.parse(await json(await world.request('GET', `${api}/executions`)));
    const reports = executions.flatMap(({ error, taskRuns }) => [error, ...taskRuns.map((run) => run.error)]);
    const answers = await Promise.all([
      world.request('POST', `${api}/flows`, 'id: x\n'),
      world.request('POST', `${api}/executions/company.team/nothing`, {}),
      world.request('GET', `${api}/syncs/none`),
      world.request('DELETE', '/api/v1/main/tokens/none'),
      world.request('GET', `${api}/plans/none`),
      world.request('GET', `${api}/flows`, undefined, { Host: 'elsewhere.example' }),
      world.request('GET', `${api}/flows`, undefined, { Authorization: 'Bearer wrong' }),
    ]);
    const problems = await Promise.all(answers.map(json));
    expect(answers.every(({ status }) => status >= 400)).toBe(true);
    const hints = [...reports, ...problems].map((report) =>
      typeof report?.hint === 'string' ? report.hint : '',
    );
    expect(hints.filter((hint) => hint !== '').length).toBeGreaterThan(6);
    expect(hints.filter((hint) => /flowgit (?!serve)[a-z]+|--[a-z]/.test(hint))).toEqual([]);
    expect(reports.map((report) => report?.code)).toEqual(
      expect.arrayContaining(['SECRET_NOT_FOUND', 'INVALID_PROPERTIES']),
    );
  });
});

describe('the description', () => {
  it('is OpenAPI 3.1 with every address, and a page that loads nothing from elsewhere', async () => {
    const document = await json(await world.request('GET', '/api/openapi.json'));
    expect(document).toMatchObject({
      openapi: '3.1.0',
      info: { title: 'flowgit', version: manifest.version },
    });
    const paths = Object.keys(document.paths as Record<string, object>);
    expect(paths).toEqual(
      expect.arrayContaining([
        '/api/v1/{tenant}/flows/{namespace}/{id}',
        '/api/v1/{tenant}/executions/{namespace}/{id}',
        '/api/v1/{tenant}/logs/{id}/follow',
        '/api/v1/{tenant}/plans/{id}/apply',
        '/api/v1/{tenant}/syncs/{id}/run',
        '/health/ready',
      ]),
    );
    for (const [path, operations] of Object.entries(document.paths as Record<string, object>)) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const operation of Object.values(
        operations as Record<string, { parameters?: { name: string }[] }>,
      )) {
        expect(operation.parameters?.map(({ name }) => name) ?? []).toEqual(expect.arrayContaining(named));
      }
    }
    const page = await (await world.request('GET', '/api/docs')).text();
    expect(page).not.toMatch(/https?:/);
    expect((await world.request('GET', '/api/docs.js')).headers.get('content-type')).toContain('javascript');
  });

  it('says that it lives and is ready', async () => {
    expect((await world.request('GET', '/health/live')).status).toBe(200);
    expect((await world.request('GET', '/health/ready')).status).toBe(200);
  });

  it('knows no syncs before one has run', async () => {
    expect(syncList.parse(await json(await world.request('GET', `${api}/syncs`)))).toEqual({ syncs: [] });
    const answer = await world.request('GET', `${api}/syncs/none`);
    expect(await json(answer)).toMatchObject({ code: 'SYNC_NOT_FOUND' });
  });
});
