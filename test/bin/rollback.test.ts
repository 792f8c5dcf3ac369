import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listSyncRecords } from '../../src/plan/sync-records.js';
import { openStorage } from '../../src/storage/index.js';
import { type GitServer, startGitServer } from '../../src/testing/index.js';
import { BareRepository, temporaryDirectory } from '../support/bare-repository.js';
import { contents, fill, flowSource } from '../support/world.js';
import { cli } from './cli.js';

let cwd: string;
let repository: BareRepository;
let server: GitServer;
let remove: () => Promise<void>;
let first: string;
let id: string;
const token = 'hunter2-token';
const secret = ['--secret', `TOKEN=${token}`];
const password = ['--username', 'ada', '--password', "{{ secret('TOKEN') }}"];
const flow = (name: string, extra = '') => flowSource('company.team', name, extra);

const run = (...argv: string[]) => cli(argv, { cwd });
const storage = () => openStorage(`file:${cwd}/flowgit-data`);
const flows = async () => contents(await storage());
const sync = () => run('run', 'sync.yml', ...secret, '-q');
const rollback = (...argv: string[]) => run('rollback', '--sync', id, '--to', first, ...secret, ...argv);

/** The first commit has `a` and `old`; the second changed `a`, lost `old` and brought `new`. */
beforeEach(async () => {
  ({ path: cwd, remove } = await temporaryDirectory());
  repository = await BareRepository.create(join(cwd, 'flows.git'), {
    '_flows/a.yml': flow('a'),
    '_flows/old.yml': flow('old'),
  });
  first = (await repository.tip()) ?? '';
  server = await startGitServer({ root: cwd, auth: { username: 'ada', password: token } });
  const task = `  - id: in\n    type: git.SyncFlows\n    url: "{{ inputs.url }}"\n    username: ada\n    password: "{{ secret('TOKEN') }}"\n    targetNamespace: company.team\n    delete: true\n`;
  const inputs = `inputs:\n  - {id: url, type: STRING, defaults: "${server.url}/flows.git"}\n`;
  await writeFile(join(cwd, 'sync.yml'), `id: sync\nnamespace: system\n${inputs}tasks:\n${task}`);
  await sync();
  await repository.commit({
    '_flows/a.yml': flow('a', '# second\n'),
    '_flows/old.yml': null,
    '_flows/new.yml': flow('new'),
  });
  await sync();
  id = (await listSyncRecords(await storage()))[0]?.state.id ?? '';
  await fill(await storage(), { 'company.team/mine': flow('mine') });
});
afterEach(async () => {
  await server.close();
  await remove();
});

describe('flowgit rollback', () => {
  it('brings back what the commit had, removes what the sync brought later, and leaves the rest', async () => {
    const { code, stdout } = await rollback(...password);
    expect({ code, stdout }).toMatchObject({ code: 0 });
    expect(stdout).toContain('  ~ _flows/a.yml    company.team.a    +0 -1');
    expect(stdout).toContain('1 added, 1 updated, 1 deleted, 0 unchanged');
    expect(await flows()).toEqual({
      'company.team/a': flow('a'),
      'company.team/mine': flow('mine'),
      'company.team/old': flow('old'),
    });
    const again = await rollback(...password);
    expect(again.stdout).toContain('0 added, 0 updated, 0 deleted, 2 unchanged');
  });

  it('is the same sync: its next run goes forward again', async () => {
    await rollback(...password, '-q');
    expect((await listSyncRecords(await storage())).map(({ state }) => [state.id, state.commit])).toEqual([
      [id, first],
    ]);
    const forward = await run('run', 'sync.yml', ...secret);
    expect(forward.stdout).toContain('1 added, 1 updated, ');
    expect(Object.keys(await flows())).toContain('company.team/new');
    expect((await flows())['company.team/a']).toBe(flow('a', '# second\n'));
  });

  it('is told by the status, with the place where the branch is', async () => {
    await rollback(...password, '-q');
    const tip = (await repository.tip()) ?? '';
    const text = await readFile(join(cwd, 'sync.yml'), 'utf8');
    await writeFile(join(cwd, 'plain.yml'), text.replace('{{ inputs.url }}', `${server.url}/flows.git`));
    const status = await run('status', '--flow', 'plain.yml', ...secret);
    expect(status.stdout).toContain(`  reads    commit ${first}\n`);
    expect(status.stdout).toContain(`git      as the last run left it; main is at ${tip.slice(0, 10)}\n`);
    await run('run', 'sync.yml', ...secret);
    expect((await run('status', '--no-fetch')).stdout).not.toContain('reads');
  });

  it('shows its plan on a dry run, and saves it', async () => {
    const before = await flows();
    const dry = await rollback(...password, '--dry-run', '--diff', '--json');
    expect(JSON.parse(dry.stdout)).toMatchObject({
      plans: [{ summary: { added: 1, updated: 1, deleted: 1 } }],
    });
    const saved = await rollback(...password, '-o', 'back.json');
    expect(saved).toMatchObject({ code: 0, stdout: expect.stringContaining('saved in back.json') });
    expect(await readFile(join(cwd, 'back.json'), 'utf8')).not.toContain(token);
    expect(await flows()).toEqual(before);
    expect((await run('apply', 'back.json', ...secret)).code).toBe(0);
    expect(Object.keys(await flows())).toEqual(['company.team/a', 'company.team/mine', 'company.team/old']);
    expect((await run('apply', 'back.json', ...secret)).code).toBe(3);
  });

  it('takes the connection from a flow', async () => {
    expect((await rollback()).stderr).toContain('AUTHENTICATION_FAILED');
    expect((await rollback('--flow', 'sync.yml')).code).toBe(0);
    expect((await flows())['company.team/a']).toBe(flow('a'));
  });

  it('keeps to the guards', async () => {
    const budget = await rollback(...password, '--max-deletes', '0');
    expect(budget).toMatchObject({ code: 1, stderr: expect.stringContaining('DELETION_BUDGET_EXCEEDED') });
    const asked = await rollback(...password, '--confirm-deletes');
    expect(asked).toMatchObject({ code: 1, stderr: expect.stringContaining('NOT_CONFIRMED') });
    const empty = await repository.commit({
      '_flows/a.yml': null,
      '_flows/new.yml': null,
      '_flows/x.txt': '',
    });
    const emptied = await run('rollback', '--sync', id, '--to', empty, ...secret, ...password);
    expect(emptied).toMatchObject({ code: 1, stderr: expect.stringContaining('EMPTY_SOURCE') });
    expect(Object.keys(await flows())).toEqual(['company.team/a', 'company.team/mine', 'company.team/new']);
  });

  it('says what is wrong with what it was asked', async () => {
    const unknown = await run('rollback', '--sync', 'sync-flow-x-000000000000', '--to', first);
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining(id) });
    expect(unknown.stderr).toContain('SYNC_NOT_FOUND: The storage has no record of a sync "sync-flow-x-');
    expect((await run('rollback', '--to', first)).stderr).toContain('needs --sync ID');
    const noCommit = await run('rollback', '--sync', id, '--to', 'f'.repeat(40), ...secret, ...password);
    expect(noCommit.stderr).toContain('REVISION_NOT_FOUND');
    expect((await run('rollback', '--sync', id, '--to', 'main', ...secret)).stderr).toContain(
      'INVALID_PROPERTIES',
    );
    expect((await rollback('--flow', 'sync.yml', '--task', 'none')).stderr).toContain('--task ID');
  });

  it('leaves pushes to git', async () => {
    const task = `  - id: out\n    type: git.PushFlows\n    url: ${server.url}/flows.git\n    username: ada\n    password: "{{ secret('TOKEN') }}"\n    sourceNamespace: company.team\n    gitDirectory: _out\n`;
    await writeFile(join(cwd, 'push.yml'), `id: push\nnamespace: system\ntasks:\n${task}`);
    await run('run', 'push.yml', ...secret, '-q');
    const records = await listSyncRecords(await storage());
    id = records.find(({ identity }) => identity.direction === 'PUSH')?.state.id ?? '';
    expect((await rollback()).stderr).toContain('UNSUPPORTED');
  });
});

describe('flowgit rollback of namespace files', () => {
  it('brings back the bytes of the commit', async () => {
    const bytes = Buffer.from([0, 255, 10]);
    first = await repository.commit({ '_files/a.bin': bytes });
    const task = `  - id: in\n    type: git.SyncNamespaceFiles\n    url: ${server.url}/flows.git\n    username: ada\n    password: "{{ secret('TOKEN') }}"\n    namespace: data\n    delete: true\n`;
    await writeFile(join(cwd, 'sync.yml'), `id: files\nnamespace: system\ntasks:\n${task}`);
    await sync();
    await repository.commit({ '_files/a.bin': 'text', '_files/b.txt': 'b' });
    await sync();
    const records = await listSyncRecords(await storage());
    id = records.find(({ identity }) => identity.kind === 'file')?.state.id ?? '';
    expect((await rollback('--flow', 'sync.yml')).code).toBe(0);
    const listed = await (await storage()).list({ kind: 'file', namespace: 'data', children: false });
    expect(listed.map(({ key }) => key.id)).toEqual(['a.bin']);
    const [file] = await (await storage()).read([{ kind: 'file', namespace: 'data', id: 'a.bin' }]);
    expect(Buffer.from(file?.content ?? [])).toEqual(bytes);
  });
});
