import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GitServer, startGitServer } from '../../src/testing/git-server.js';
import { BareRepository, temporaryDirectory } from '../support/bare-repository.js';
import { flowSource } from '../support/world.js';
import { cli } from './cli.js';
import { type Serving, serve } from './serving.js';

let cwd: string;
let remove: () => Promise<void>;
let git: GitServer;
let serving: Serving | null = null;

beforeEach(async () => {
  ({ path: cwd, remove } = await temporaryDirectory());
  await BareRepository.create(join(cwd, 'flows.git'), {
    '_flows/a.yml': flowSource('company.team', 'a'),
  });
  git = await startGitServer({ root: cwd });
});
afterEach(async () => {
  await serving?.kill();
  serving = null;
  await git.close();
  await remove();
});

async function start(...argv: string[]): Promise<string> {
  serving = await serve(cwd, ...argv);
  return serving.url;
}

const syncFlow = () => `id: sync
namespace: system
tasks:
  - id: git
    type: git.SyncFlows
    url: ${git.url}/flows.git
    targetNamespace: company.team
triggers:
  - id: hook
    type: core.trigger.Webhook
    key: k3y-of-the-hook
`;

describe('flowgit serve', () => {
  it('takes a flow, runs it on a webhook, tells its log as it comes and its plan, and drains on SIGTERM', async () => {
    const url = await start('--allow-remote', '127.0.0.1');
    const api = `${url}/api/v1/main`;
    const created = await fetch(`${api}/flows`, { method: 'POST', body: syncFlow() });
    expect(created.status).toBe(201);

    const made = await fetch(`${api}/plans`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ namespace: 'system', id: 'sync' }),
    });
    const plan = (await made.json()) as { id: string; tasks: unknown[] };
    expect(plan.tasks).toMatchObject([{ task: 'git.SyncFlows', summary: { added: 1 } }]);

    const hooked = await fetch(`${api}/executions/webhook/system/sync/k3y-of-the-hook`, { method: 'POST' });
    const { id } = (await hooked.json()) as { id: string };
    const events = await (await fetch(`${api}/logs/${id}/follow`)).text();
    expect(events).toContain('event: log');
    const end = JSON.parse(events.split('event: end\ndata: ')[1]?.split('\n')[0] ?? '{}');
    expect(end).toMatchObject({ id, state: 'SUCCESS', trigger: { type: 'webhook' } });

    const { plans } = (await (await fetch(`${api}/executions/${id}/plans`)).json()) as { plans: object[] };
    expect(plans).toMatchObject([
      { taskId: 'git', plan: { summary: { added: 1 }, changes: [{ state: 'ADDED' }] } },
    ]);
    expect(await (await fetch(`${api}/flows/company.team/a`)).json()).toMatchObject({ revision: 1 });

    const stale = await fetch(`${api}/plans/${plan.id}/apply`, { method: 'POST' });
    expect(stale.status).toBe(409);
    expect(await stale.json()).toMatchObject({ code: 'STALE_PLAN' });

    const { syncs } = (await (await fetch(`${api}/syncs?fetch=true`)).json()) as { syncs: { id: string }[] };
    expect(syncs).toMatchObject([{ suspendedAt: null, git: { drift: { changed: [] } } }]);
    const sync = `${api}/syncs/${syncs[0]?.id}`;
    expect((await fetch(`${sync}/suspend`, { method: 'POST' })).status).toBe(204);
    const again = await fetch(`${api}/executions/webhook/system/sync/k3y-of-the-hook`, { method: 'POST' });
    expect(await again.json()).toMatchObject({ id: null, started: false, reason: 'suspended', state: null });
    expect((await fetch(`${sync}/run`, { method: 'POST' })).status).toBe(409);
    expect((await fetch(`${sync}/resume`, { method: 'POST' })).status).toBe(204);
    expect((await fetch(`${sync}/run`, { method: 'POST' })).status).toBe(201);
    expect(await (await fetch(`${url}/metrics`)).text()).toContain(
      'flowgit_sync_total{outcome="changed",task="git.SyncFlows"} 1',
    );

    expect(await serving?.stop()).toBe(0);
  });

  it('applies exactly the plan that was looked at, once', async () => {
    const url = await start('--allow-remote', '127.0.0.1');
    const api = `${url}/api/v1/main`;
    const made = await fetch(`${api}/plans`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ source: syncFlow() }),
    });
    const { id } = (await made.json()) as { id: string };
    const path = `${api}/flows/company.team/a`;
    expect((await fetch(path)).status).toBe(404);
    const applied = await fetch(`${api}/plans/${id}/apply`, { method: 'POST' });
    expect(applied.status).toBe(200);
    expect(await applied.json()).toMatchObject({ tasks: [{ taskId: 'git' }] });
    expect(await (await fetch(path)).json()).toMatchObject({ revision: 1 });
    const twice = await fetch(`${api}/plans/${id}/apply`, { method: 'POST' });
    expect(twice.status).toBe(409);
    expect(await (await fetch(`${api}/plans/${id}`)).json()).toMatchObject({ appliedAt: expect.any(String) });
    expect(await (await fetch(path)).json()).toMatchObject({ revision: 1 });
  });

  it('reaches no address of its own network unless that is allowed', async () => {
    const url = await start();
    const made = await fetch(`${url}/api/v1/main/plans`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ source: syncFlow() }),
    });
    expect(await made.json()).toMatchObject({ code: 'REMOTE_NOT_ALLOWED' });
  });

  it('does not listen to others without a token, and needs one from everybody once there is one', async () => {
    const refused = await cli(['serve', '--host', '0.0.0.0', '--port', '0'], { cwd });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('NOT_PERMITTED');
    const made = await cli(['token', 'create', '--scope', 'read', '--expires', '1d'], { cwd });
    expect(made.stdout).toMatch(/^fgt_[0-9a-f]{16}_\S{43}\n$/);
    const url = await start('--no-worker');
    expect((await fetch(`${url}/api/v1/main/flows`)).status).toBe(401);
    const headers = { Authorization: `Bearer ${made.stdout.trim()}` };
    expect((await fetch(`${url}/api/v1/main/flows`, { headers })).status).toBe(200);
    const listed = await cli(['token', 'list'], { cwd });
    expect(listed.stdout).toContain('read  all namespaces');
    const id = made.stdout.split('_')[1] ?? '';
    expect((await cli(['token', 'revoke', id], { cwd })).code).toBe(0);
    expect((await fetch(`${url}/api/v1/main/flows`, { headers })).status).toBe(401);
  });
});
