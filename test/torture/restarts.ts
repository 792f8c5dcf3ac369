import { setTimeout as delay } from 'node:timers/promises';
import { startGitServer } from '../../src/testing/git-server.js';
import { temporaryDirectory } from '../support/bare-repository.js';
import { type FlowgitProcess, startServer } from '../support/flowgit-process.js';
import { startPostgresServer } from '../support/start-postgres-server.js';
import { createRepositories, flowsPerRepository, syncSource } from './synced-repositories.js';

export interface RestartTrial {
  storage: 'pglite:' | 'postgres://';
  signal: 'SIGTERM' | 'SIGKILL';
  runs: number;
}

export interface RestartResult {
  runs: number;
  /** How many had ended when the server was stopped; the others were waiting or in the middle. */
  endedBefore: number;
  lost: number;
  /** Runs with more than one record of their task, and contents that were written twice. */
  doubled: number;
  failed: number;
  seconds: number;
}

const repositories = 10;
const stopAfter = 0.3;

/** A server that runs flows itself is stopped in the middle of runs, and started again over the same storage. */
export async function restartAmidRuns({ storage, signal, runs }: RestartTrial): Promise<RestartResult> {
  const directory = await temporaryDirectory();
  const git = await startGitServer({ root: directory.path });
  const postgres = storage === 'postgres://' ? await startPostgresServer() : null;
  const url = postgres === null ? 'pglite:data' : await postgres.createDatabase();
  const args = ['--storage', url, '--concurrency', '8', '--allow-remote', '127.0.0.1', '--log-level', 'warn'];
  const start = () => startServer(args, { cwd: directory.path });
  await createRepositories(directory.path, repositories);
  let server: FlowgitProcess | null = null;
  try {
    server = await start();
    for (let index = 0; index < runs; index += 1) {
      const source = syncSource(`sync-${index}`, `${git.url}/r${index % repositories}.git`);
      await call(server, 'flows', { method: 'POST', body: source });
    }
    const began = performance.now();
    const first = server;
    const startRun = (index: number) =>
      call(first, `executions/system/sync-${index}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: '{}',
      });
    await Promise.all(Array.from({ length: runs }, (_, index) => startRun(index)));
    const endedBefore = await untilEnded(server, Math.floor(runs * stopAfter));
    await server.end(signal);
    server = await start();
    await untilEnded(server, runs);
    return { ...(await judge(server, runs)), endedBefore, seconds: (performance.now() - began) / 1000 };
  } finally {
    await server?.end('SIGKILL');
    await git.close();
    await postgres?.stop();
    await directory.remove();
  }
}

async function call(server: FlowgitProcess, path: string, init: RequestInit = {}): Promise<unknown> {
  const answer = await fetch(`${server.url}/api/v1/main/${path}`, init);
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

interface Listed {
  flowId: string;
  state: string;
  endedAt: string | null;
  taskRuns: unknown[];
}

async function list(server: FlowgitProcess): Promise<Listed[]> {
  const { executions } = (await call(server, 'executions?limit=200')) as { executions: Listed[] };
  return executions;
}

async function untilEnded(server: FlowgitProcess, count: number): Promise<number> {
  const deadline = Date.now() + 300_000;
  for (;;) {
    const ended = (await list(server)).filter(({ endedAt }) => endedAt !== null).length;
    if (ended >= count) return ended;
    if (Date.now() > deadline) throw new Error(`${ended} of ${count} runs have ended after five minutes.`);
    await delay(100);
  }
}

async function judge(server: FlowgitProcess, runs: number) {
  const executions = await list(server);
  const { flows } = (await call(server, 'flows?namespace=team')) as { flows: { revision: number }[] };
  const ended = executions.filter(({ endedAt }) => endedAt !== null);
  return {
    runs,
    lost: runs - new Set(ended.map(({ flowId }) => flowId)).size + runs * flowsPerRepository - flows.length,
    doubled:
      executions.filter(({ taskRuns }) => taskRuns.length > 1).length +
      flows.filter(({ revision }) => revision !== 1).length +
      (executions.length - runs),
    failed: ended.filter(({ state }) => state !== 'SUCCESS').length,
  };
}
