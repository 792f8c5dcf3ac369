import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStorage } from '../../src/storage/index.js';
import { type GitServer, startGitServer } from '../../src/testing/git-server.js';
import { BareRepository, temporaryDirectory } from '../support/bare-repository.js';
import { fill, flowSource } from '../support/world.js';
import { cli } from './cli.js';

let cwd: string;
let repository: BareRepository;
let server: GitServer;
let url: string;
let remove: () => Promise<void>;
const flow = (id: string, extra = '') => flowSource('company.team', id, extra);

beforeEach(async () => {
  ({ path: cwd, remove } = await temporaryDirectory());
  repository = await BareRepository.create(join(cwd, 'flows.git'), {
    '_flows/a.yml': flow('a'),
    '_flows/b.yml': flow('b'),
    '_files/q.sql': 'select 1;\n',
  });
  server = await startGitServer({ root: cwd, auth: { username: 'ada', password: 'hunter-two' } });
  url = `${server.url}/flows.git`;
  await writeFile(
    join(cwd, 'sync.yml'),
    `id: sync
namespace: system
tasks:
  - id: flows
    type: git.SyncFlows
    url: ${url}
    username: ada
    password: "{{ secret('PASSWORD') }}"
    targetNamespace: company.team
    delete: true
    onConflict: SKIP
  - id: files
    type: git.SyncNamespaceFiles
    url: ${url}
    username: ada
    password: "{{ secret('PASSWORD') }}"
    namespace: company.team
`,
  );
});
afterEach(async () => {
  await server.close();
  await remove();
});

const run = (...argv: string[]) => cli(argv, { cwd, env: { SECRET_PASSWORD: btoa('hunter-two') } });
const json = async (...argv: string[]) => {
  const { code, stdout } = await run(...argv, '--json');
  expect(code).toBe(0);
  return JSON.parse(stdout);
};
const edit = async (resources: Record<string, string>) => {
  const storage = await openStorage(`file:${cwd}/flowgit-data`);
  await fill(storage, resources);
  await storage.close?.();
};
const nothing = { changed: [], added: [], deleted: [] };

describe('flowgit status', () => {
  it('says that nothing has run yet', async () => {
    expect(await run('status')).toMatchObject({
      code: 0,
      stdout: 'No sync or push has run with this storage.\n',
    });
    expect(await json('status')).toEqual({ syncs: [] });
  });

  it('shows every sync with its last run, and both sides as they are', async () => {
    await run('run', 'sync.yml');
    const commit = await repository.tip();
    const { syncs } = await json('status', '--flow', 'sync.yml');
    expect(syncs).toHaveLength(2);
    expect(syncs[1]).toMatchObject({
      id: expect.stringMatching(/^sync-flow-company\.team-/),
      sync: { direction: 'SYNC', kind: 'flow', url, revision: 'main', directory: '_flows' },
      commit,
      resources: 2,
      lastRun: { outcome: 'SUCCESS', flow: 'system.sync', commit, summary: { added: 2 }, count: 1 },
      storage: nothing,
      git: { commit, drift: nothing },
    });
    const { code, stdout } = await run('status', '--flow', 'sync.yml', '--detailed-exitcode');
    expect(code).toBe(0);
    expect(stdout).toContain(`SYNC flows: ${url} main _flows → company.team\n`);
    expect(stdout).toMatch(/ {2}last {5}\S+Z SUCCESS at [0-9a-f]{10}: 2 added/);
    expect(stdout.match(/as the last run left it/g)).toHaveLength(4);
  });

  it('counts and names what changed on either side', async () => {
    await run('run', 'sync.yml');
    await edit({ 'company.team/a': flow('a', '# mine\n'), 'company.team/new': flow('new') });
    await repository.commit({
      '_flows/b.yml': null,
      '_flows/c.yml': flow('c'),
      '_flows/notes.txt': 'no flow',
    });
    const { syncs } = await json('status', 'sync-flow', '--flow', 'sync.yml');
    expect(syncs).toMatchObject([
      {
        storage: { changed: ['flow company.team/a'], added: ['flow company.team/new'], deleted: [] },
        git: { drift: { changed: [], added: ['_flows/c.yml'], deleted: ['_flows/b.yml'] } },
      },
    ]);
    const { code, stdout } = await run('status', '-v', '--flow', 'sync.yml', '--detailed-exitcode');
    expect(code).toBe(2);
    expect(stdout).toContain('storage  1 changed, 1 added since\n             ~ flow company.team/a\n');
    expect(stdout).toContain('1 added, 1 deleted since at ');
  });

  it('reaches remotes as the defaults of a flow say', async () => {
    await run('run', 'sync.yml');
    const credentials = `username: ada\n      password: "{{ secret('PASSWORD') }}"`;
    await writeFile(
      join(cwd, 'defaults.yml'),
      `id: x\nnamespace: system\ntasks:\n  - id: x\n    type: git.SyncFlows\n    targetNamespace: x\npluginDefaults:\n  - type: git\n    values:\n      url: ${url}\n      ${credentials}\n`,
    );
    const { syncs } = await json('status', 'sync-flow', '--flow', 'defaults.yml');
    expect(syncs[0].git).toEqual({ commit: await repository.tip(), drift: nothing });
  });

  it('goes on when a remote cannot be asked, and tells no secret', async () => {
    await run('run', 'sync.yml');
    const { code, stdout } = await run('status');
    expect(code).toBe(0);
    expect(stdout).toContain('git      not known: AUTHENTICATION_FAILED');
    await server.close();
    expect((await run('status', '--flow', 'sync.yml')).stdout).toContain('git      not known: NETWORK_ERROR');
    const offline = await run('status', '--no-fetch');
    expect(offline.stdout).not.toContain('git  ');
    expect(`${stdout}${offline.stdout}`).not.toContain('hunter-two');
  });

  it('leaves the flow that runs a sync out of what was added since', async () => {
    await edit({ 'system/sync': flowSource('system', 'sync'), 'system/mine': flowSource('system', 'mine') });
    const text = await readFile(join(cwd, 'sync.yml'), 'utf8');
    await writeFile(
      join(cwd, 'own.yml'),
      text.replace('targetNamespace: company.team\n    delete: true', 'targetNamespace: system'),
    );
    expect((await run('run', 'own.yml')).code).toBe(0);
    const { syncs } = await json('status', 'sync-flow-system', '--no-fetch');
    expect(syncs[0].storage).toEqual({ ...nothing, added: ['flow system/mine'] });
  });

  it('tells that a sync is well again, though its next run finds nothing to do', async () => {
    await run('run', 'sync.yml');
    const before = await json('history', 'sync-flow');
    const wrong = { cwd, env: { SECRET_PASSWORD: btoa('wrong') } };
    expect((await cli(['run', 'sync.yml'], wrong)).code).toBe(1);
    expect((await json('status', 'sync-flow', '--no-fetch')).syncs[0].lastRun.outcome).toBe('FAILED');
    for (let times = 0; times < 2; times++) expect((await run('run', 'sync.yml')).code).toBe(0);
    const { syncs } = await json('history', 'sync-flow');
    expect(syncs[0].runs).toMatchObject([
      { outcome: 'SUCCESS', changes: [], summary: { unchanged: 2 } },
      { outcome: 'FAILED', error: { code: 'AUTHENTICATION_FAILED' } },
      before.syncs[0].runs[0],
    ]);
    const requests = server.requests.length;
    await run('run', 'sync.yml');
    // One for each of the two tasks: the short cut is back.
    expect(server.requests.slice(requests)).toHaveLength(2);
  });

  it('says that others took all that a sync had brought', async () => {
    await run('run', 'sync.yml');
    await repository.commit({ '_two/a.yml': flow('a', '# 2\n'), '_two/b.yml': flow('b', '# 2\n') });
    const text = await readFile(join(cwd, 'sync.yml'), 'utf8');
    await writeFile(
      join(cwd, 'two.yml'),
      text.replace('delete: true', 'gitDirectory: _two\n    adopt: true'),
    );
    expect((await run('run', 'two.yml')).code).toBe(0);
    const { stdout } = await run('status', 'sync-flow', '--no-fetch');
    expect(stdout.match(/ {2}record {3}none: no run succeeded, or other syncs took/g)).toHaveLength(1);
  });

  it('shows a sync that never succeeded', async () => {
    await writeFile(
      join(cwd, 'bad.yml'),
      `id: bad\nnamespace: system\ntasks:\n  - id: x\n    type: git.SyncFlows\n    url: ${url}\n    targetNamespace: dev\n`,
    );
    for (let times = 0; times < 3; times++) expect((await run('run', 'bad.yml')).code).toBe(1);
    expect((await json('status', '--no-fetch')).syncs).toMatchObject([
      { commit: null, resources: 0, storage: null, lastRun: { outcome: 'FAILED', count: 3 } },
    ]);
    expect((await run('status', '--no-fetch')).stdout).toMatch(
      /FAILED \(3 times since \S+\): AUTHENTICATION_FAILED/,
    );
  });

  it('names the syncs it knows when it does not know one', async () => {
    await run('run', 'sync.yml');
    expect(await run('status', 'sync-floh')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/knows no sync "sync-floh"[\s\S]*sync-flow-company\.team-/),
    });
  });
});

describe('flowgit history', () => {
  it('shows what runs changed, newest first, and runs that found nothing not at all', async () => {
    await run('run', 'sync.yml');
    await repository.commit({ '_flows/b.yml': null, '_flows/a.yml': flow('a', '# 2\n') });
    await run('run', 'sync.yml');
    await run('run', 'sync.yml');
    const { syncs } = await json('history', 'sync-flow');
    expect(syncs[0].runs.map(({ changes }: { changes: string[][] }) => changes)).toEqual([
      [
        ['UPDATED', '_flows/a.yml', 'flow company.team/a'],
        ['DELETED', '_flows/b.yml', 'flow company.team/b'],
      ],
      [
        ['ADDED', '_flows/a.yml', 'flow company.team/a'],
        ['ADDED', '_flows/b.yml', 'flow company.team/b'],
      ],
    ]);
    const { stdout } = await run('history', 'sync-flow');
    expect(stdout).toContain('      DELETED     _flows/b.yml  flow company.team/b\n');
    expect((await run('history')).stdout).toMatch(
      /SUCCESS at [0-9a-f]{10}: 0 added, 1 updated, 1 deleted.*, by system\.sync/,
    );
  });

  it('shares a line among runs that only saw other commits', async () => {
    await run('run', 'sync.yml');
    for (let times = 0; times < 3; times++) {
      await repository.commit({ 'README.md': String(times) });
      await run('run', 'sync.yml');
    }
    const { syncs } = await json('history', 'sync-flow');
    expect(syncs[0].runs).toMatchObject([{ count: 3, commit: await repository.tip() }, { count: 1 }]);
  });

  it('says why a run failed, and a dry run leaves no line', async () => {
    await run('run', 'sync.yml', '--dry-run');
    await repository.commit({ '_flows/bad.yml': 'id: bad\n' });
    await run('run', 'sync.yml', '--dry-run');
    expect((await run('history')).stdout).toBe('No run is recorded.\n');
    await run('run', 'sync.yml');
    expect((await run('history')).stdout).toContain('FAILED: INVALID_FLOW');
  });
});

describe('flowgit blame', () => {
  it('tells the commit, author and time that a resource came with', async () => {
    const first = await repository.tip();
    await run('run', 'sync.yml');
    await repository.commit({ '_flows/b.yml': flow('b', '# 2\n') });
    const second = await repository.tip();
    await run('run', 'sync.yml');
    await run('run', 'sync.yml');
    const origin = (path: string, oid: string | null, editedSince = false) => [
      {
        direction: 'SYNC',
        sync: expect.stringMatching(/^sync-/),
        url,
        branch: 'main',
        path,
        commit: { oid, author: 'Ada', email: 'ada@example.org', timestamp: 1700000000 },
        editedSince,
      },
    ];
    expect((await json('blame', 'company.team/a')).resources).toEqual([
      {
        key: { kind: 'flow', namespace: 'company.team', id: 'a' },
        revision: 1,
        origins: origin('_flows/a.yml', first),
      },
    ]);
    expect((await json('blame', 'company.team/b')).resources[0].origins).toEqual(
      origin('_flows/b.yml', second),
    );
    expect((await json('blame', 'company.team/q.sql')).resources[0].origins).toEqual(
      origin('_files/q.sql', first),
    );
    await edit({ 'company.team/b': flow('b', '# mine\n') });
    expect((await json('blame', 'company.team/b')).resources[0].origins).toEqual(
      origin('_flows/b.yml', second, true),
    );
    const { stdout } = await run('blame', 'company.team/b');
    expect(stdout).toContain(`from   ${url} main _flows/b.yml\n`);
    expect(stdout).toContain(`commit ${second} Ada <ada@example.org> 2023-11-14T22:13:20.000Z\n`);
    expect(stdout).toContain('storage has another copy by now');
  });

  it('says when no sync brought it, and when there is no such thing', async () => {
    await edit({ 'company.team/mine': flow('mine') });
    expect((await run('blame', 'company.team/mine')).stdout).toBe(
      'flow company.team/mine revision 1\n  no sync brought it\n',
    );
    expect(await run('blame', 'company.team/none')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('There is no flow or file "company.team/none".'),
    });
    expect((await run('blame', 'company.team')).code).toBe(1);
    expect((await run('blame', 'company.team/a', '--kind', 'tree')).code).toBe(1);
  });
});
