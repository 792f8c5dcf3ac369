import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sign } from '@octokit/webhooks-methods';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { executionList, flowDocument } from '../../schemas/api.js';
import { type GitServer, startGitServer } from '../../src/testing/git-server.js';
import { BareRepository, temporaryDirectory } from '../support/bare-repository.js';
import { usePostgresServer } from '../support/postgres-server.js';
import { flowSource } from '../support/world.js';
import { type Serving, serve } from './serving.js';

const postgres = usePostgresServer();
const secret = 'what the host was given';
let cwd: string;
let remove: () => Promise<void>;
let git: GitServer;
let repository: BareRepository;
let servings: Serving[] = [];

beforeEach(async () => {
  ({ path: cwd, remove } = await temporaryDirectory());
  repository = await BareRepository.create(join(cwd, 'flows.git'), {
    '_flows/a.yml': flowSource('company.team', 'a'),
  });
  git = await startGitServer({ root: cwd });
});
afterEach(async () => {
  await Promise.all(servings.map((serving) => serving.kill()));
  servings = [];
  await git.close();
  await remove();
});

const syncFlow = () => `id: sync
namespace: system
tasks:
  - id: git
    type: git.SyncFlows
    url: ${git.url}/flows.git
    targetNamespace: company.team
triggers:
  - id: pushed
    type: git.trigger.Push
    provider: github
    url: ${git.url}/flows.git
    paths: [_flows]
    secret: "{{ secret('HOOK') }}"
`;

async function start(storage: string, ...argv: string[]): Promise<string> {
  const api = await startAnother(storage, ...argv);
  expect((await fetch(`${api}/flows`, { method: 'POST', body: syncFlow() })).status).toBe(201);
  return api;
}

async function startAnother(storage: string, ...argv: string[]): Promise<string> {
  const given = ['--storage', storage, '--allow-remote', '127.0.0.1', '--secret', `HOOK=${secret}`, ...argv];
  const serving = await serve(cwd, ...given);
  servings.push(serving);
  return `${serving.url}/api/v1/main`;
}

let number = 0;
async function deliver(api: string, before: string, after: string, paths: string[]) {
  return (await delivery(before, after, paths))(api);
}

/** What can be sent again, and to another server. */
async function delivery(before: string, after: string, paths: string[]) {
  const body = JSON.stringify({
    ref: 'refs/heads/main',
    before,
    after,
    forced: false,
    commits: [{ id: after, added: [], removed: [], modified: paths, timestamp: new Date().toISOString() }],
    repository: { full_name: 'company/flows', clone_url: `${git.url}/flows.git` },
  });
  number++;
  const headers = {
    'Content-Type': 'application/json',
    'X-GitHub-Event': 'push',
    'X-GitHub-Delivery': `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
    'X-Hub-Signature-256': await sign(secret, body),
  };
  return (api: string) =>
    fetch(`${new URL(api).origin}/api/v1/webhooks/github`, { method: 'POST', body, headers });
}

async function list(api: string) {
  return executionList.parse(await (await fetch(`${api}/executions?limit=200`)).json()).executions;
}

/** Every execution, when all have ended. */
async function ended(api: string) {
  const isOver = async () => (await list(api)).every(({ endedAt }) => endedAt !== null);
  await expect.poll(isOver, { timeout: 40_000 }).toBe(true);
  return list(api);
}

describe('pushes that a git host reports', () => {
  it.each(['one server with files', 'two servers over PostgreSQL'])(
    'make at most two runs in a burst of 100, however often they are sent, and end at the newest commit, with %s',
    async (kind) => {
      const isOne = kind.startsWith('one');
      const storage = isOne ? `file:${join(cwd, 'data')}` : await postgres().createDatabase();
      const api = await start(storage);
      const other = isOne ? api : await startAnother(storage);
      const source = (push: number) => `${flowSource('company.team', 'a')}# push ${push}\n`;
      const commits = [(await repository.tip()) ?? ''];
      for (let push = 1; push <= 100; push++) {
        const from = push === 1 ? 'main' : 'next';
        commits.push(await repository.commit({ '_flows/a.yml': source(push) }, { branch: 'next', from }));
      }
      const answers: Promise<Response>[] = [];
      const sent: Awaited<ReturnType<typeof delivery>>[] = [];
      for (const [index, after] of commits.slice(1).entries()) {
        await writeFile(join(repository.path, 'refs/heads/main'), `${after}\n`);
        const send = await delivery(commits[index] ?? '', after, ['_flows/a.yml']);
        sent.push(send);
        answers.push(send(index % 2 === 0 ? api : other));
      }
      const statuses = (await Promise.all(answers)).map(({ status }) => status);
      expect(statuses).toEqual(Array.from({ length: 100 }, () => 202));
      const replayed = await Promise.all(sent.map((send, index) => send(index % 2 === 0 ? other : api)));
      for (const answer of replayed) expect(await answer.json()).toMatchObject({ runs: [] });
      const executions = await ended(api);
      expect(executions.length).toBeLessThanOrEqual(2);
      expect(new Set(executions.map(({ state }) => state))).toEqual(new Set(['SUCCESS']));
      const stored = await fetch(`${api}/flows/company.team/a`);
      expect(flowDocument.parse(await stored.json()).source).toBe(source(100));
    },
    60_000,
  );

  it('start nothing when they change nothing below the paths of the trigger', async () => {
    const api = await start(`file:${join(cwd, 'data')}`, '--no-worker');
    const [before, after] = ['1'.repeat(40), '2'.repeat(40)];
    const outside = await deliver(api, before, after, ['docs/a.md', '_flows2/b.yml']);
    expect(outside.status).toBe(200);
    expect(await outside.json()).toEqual({
      runs: [],
      ignored: 'the push changes none of the paths that triggers are for',
    });
    expect((await list(api)).length).toBe(0);
    expect((await deliver(api, before, after, ['docs/a.md', '_flows/b.yml'])).status).toBe(202);
    expect((await list(api)).map(({ trigger }) => trigger)).toMatchObject([
      { type: 'webhook', id: 'pushed', variables: { branch: 'main', before, after } },
    ]);
  });
});

it('starts no time of a schedule twice with two servers over one database', async () => {
  const storage = await postgres().createDatabase();
  const [api, other] = [await start(storage), await startAnother(storage)];
  const source = `id: tick
namespace: system
tasks:
  - { id: say, type: core.log.Log, message: tick }
triggers:
  - { id: second, type: core.trigger.Schedule, cron: '* * * * * *', withSeconds: true, recoverMissedSchedules: ALL }
`;
  expect((await fetch(`${other}/flows`, { method: 'POST', body: source })).status).toBe(201);
  const times = async () =>
    (await list(api)).flatMap(({ trigger }) => (trigger.type === 'schedule' ? [trigger.variables.date] : []));
  await expect.poll(async () => (await times()).length, { timeout: 20_000 }).toBeGreaterThan(5);
  const seen = await times();
  const seconds = seen.map((date) => Date.parse(String(date)) / 1000).sort((a, b) => a - b);
  const [first = 0] = seconds;
  expect(seconds).toEqual(seconds.map((_, index) => first + index));
}, 60_000);
