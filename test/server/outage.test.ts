import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type GitServer, startGitServer } from '../../src/testing/git-server.js';
import { BareRepository, temporaryDirectory } from '../support/bare-repository.js';
import { type FlowgitProcess, startServer, startWorker } from '../support/flowgit-process.js';
import { type PostgresServer, startPostgresServer } from '../support/start-postgres-server.js';
import { flowSource } from '../support/world.js';

let cwd: string;
let remove: () => Promise<void>;
let git: GitServer;
let postgres: PostgresServer;
const processes: FlowgitProcess[] = [];

beforeEach(async () => {
  ({ path: cwd, remove } = await temporaryDirectory());
  await BareRepository.create(join(cwd, 'r.git'), { '_flows/a.yml': flowSource('company.team', 'a') });
  git = await startGitServer({ root: cwd, latencyMs: 300 });
  postgres = await startPostgresServer();
}, 60_000);
afterEach(async () => {
  for (const process of processes.splice(0)) if (process.isRunning()) await process.end('SIGKILL');
  await git.close();
  await postgres.stop();
  await remove();
});

async function started(starting: Promise<FlowgitProcess>): Promise<FlowgitProcess> {
  const process = await starting;
  processes.push(process);
  return process;
}

it('a server and a worker go on by themselves when PostgreSQL is stopped in the middle of runs and comes back', {
  timeout: 180_000,
}, async () => {
  const url = await postgres.createDatabase();
  const args = ['--storage', url, '--allow-remote', '127.0.0.1', '--log-level', 'info'];
  const server = await started(startServer([...args, '--no-worker'], { cwd }));
  const worker = await started(startWorker(args, { cwd }));
  const api = `${server.url}/api/v1/main`;
  const startRun = async (index: number) => {
    const answer = await fetch(`${api}/executions/system/sync-${index}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{}',
    });
    return ((await answer.json()) as { id: string }).id;
  };
  for (let index = 0; index < 12; index += 1) {
    const source = `id: sync-${index}\nnamespace: system\ntasks:\n  - id: git\n    type: git.SyncFlows\n    url: ${git.url}/r.git\n    branch: "{{ 'main' }}"\n    targetNamespace: team.t${index}\n`;
    expect((await fetch(`${api}/flows`, { method: 'POST', body: source })).status).toBe(201);
  }
  const ids = await Promise.all(Array.from({ length: 12 }, (_, index) => startRun(index)));
  await delay(700);
  await postgres.restart(async () => {
    const ready = await fetch(`${server.url}/health/ready`);
    expect(ready.status).toBe(503);
    const refused = await fetch(`${api}/executions`);
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ retryable: true });
    await delay(3000);
  });
  const states = async () => {
    const answer = await fetch(`${api}/executions?limit=100`).catch(() => null);
    if (answer?.ok !== true) return [];
    const { executions } = (await answer.json()) as { executions: { id: string; state: string }[] };
    return executions.filter(({ id }) => ids.includes(id)).map(({ state }) => state);
  };
  await expect.poll(states, { timeout: 90_000, interval: 500 }).toEqual(ids.map(() => 'SUCCESS'));
  const { flows } = (await (await fetch(`${api}/flows?namespace=team`)).json()) as {
    flows: { revision: number }[];
  };
  expect(flows.map(({ revision }) => revision)).toEqual(ids.map(() => 1));
  expect((await fetch(`${server.url}/health/ready`)).status).toBe(200);
  expect([server.isRunning(), worker.isRunning()]).toEqual([true, true]);
  expect(await worker.end('SIGTERM')).toBe(0);
  expect(await server.end('SIGTERM')).toBe(0);
});
