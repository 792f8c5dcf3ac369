import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRegistry } from '../../bin/registry.js';
import { openEngine } from '../../src/executions/engine.js';
import { createGit } from '../../src/git/index.js';
import { silentLogger } from '../../src/logger.js';
import { inspectFlow } from '../../src/resources/flow.js';
import { memoryOutputFiles } from '../../src/runtime/create-context.js';
import { startGitServer } from '../../src/testing/index.js';
import { BareRepository, temporaryDirectory } from '../support/bare-repository.js';
import { serverPassword, usePostgresServer } from '../support/postgres-server.js';
import { flowSource } from '../support/world.js';
import { cli, ctrlC } from './cli.js';

const server = usePostgresServer();
let cwd: string;
let remove: () => Promise<void>;

beforeEach(async () => {
  ({ path: cwd, remove } = await temporaryDirectory());
});
afterEach(() => remove());

/** Queues a sync of a served repository, runs the worker until it has ended, and tells both outcomes. */
async function syncBy(options: string[]) {
  const storage = await server().createDatabase();
  await BareRepository.create(join(cwd, 'r.git'), { '_flows/a.yml': flowSource('company.team', 'a') });
  const git = await startGitServer({ root: cwd });
  const engine = await openEngine({
    storageUrl: storage,
    registry: createRegistry(),
    git: createGit(),
    logger: silentLogger,
    secrets: { get: async () => null },
    outputFiles: (executionId) => memoryOutputFiles(executionId),
  });
  try {
    const source = `id: sync\nnamespace: system\ntasks:\n  - id: sync\n    type: git.SyncFlows\n    url: ${git.url}/r.git\n    username: u\n    password: "{{ secret('TOKEN') }}"\n    targetNamespace: company.team\n`;
    const key = { kind: 'flow', namespace: 'system', id: 'sync' } as const;
    const content = Buffer.from(source);
    await engine.storage.apply({ changes: [{ action: 'put', key, content, expectedOid: null }] });
    const { definition } = inspectFlow(source);
    if (definition === null) throw new Error('The flow is not valid.');
    const { executionId } = await engine.startRun({
      flow: { namespace: 'system', id: 'sync', revision: 1, definition, unknownTypes: [] },
      trigger: { type: 'api', variables: {} },
      inputs: {},
    });
    const { signal, press } = ctrlC();
    const args = ['worker', '--storage', storage, '--secret', 'TOKEN=hush-hush', ...options];
    const working = cli(args, { cwd, signal });
    await expect
      .poll(() => engine.executions.get(executionId), { timeout: 20_000 })
      .toMatchObject({ endedAt: expect.any(Date) });
    press();
    return { worker: await working, record: await engine.executions.get(executionId) };
  } finally {
    await engine.close();
    await git.close();
  }
}

describe('flowgit worker', () => {
  it('carries queued runs out with its own secrets, and drains when it is stopped', async () => {
    const { worker, record } = await syncBy(['--allow-remote', '127.0.0.1', '--concurrency', '2']);
    expect(record).toMatchObject({ state: 'SUCCESS', taskRuns: [{ taskId: 'sync', state: 'SUCCESS' }] });
    expect(worker.code).toBe(0);
    expect(worker.stderr).toContain('The worker takes runs');
    expect(worker.stderr).toContain('The worker has stopped');
    for (const secret of ['hush-hush', serverPassword]) expect(worker.stderr).not.toContain(secret);
  });

  it('refuses private addresses that nobody allowed', async () => {
    const { record } = await syncBy([]);
    expect(record).toMatchObject({ state: 'FAILED', taskRuns: [{ error: { code: 'REMOTE_NOT_ALLOWED' } }] });
  });

  it('tells what it needs', async () => {
    const local = await cli(['worker', '--storage', 'file:./data'], { cwd });
    expect(local).toMatchObject({ code: 1, stdout: '' });
    expect(local.stderr).toContain('A worker needs storage in a PostgreSQL server');
    const url = 'postgres://localhost/none';
    const none = await cli(['worker', '--storage', url, '--concurrency', '0'], { cwd });
    expect(none.stderr).toContain('--concurrency is a whole number from 1 to 1000.');
  });
});
