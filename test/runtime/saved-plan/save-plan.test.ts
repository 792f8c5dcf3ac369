import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createGit } from '../../../src/git/index.js';
import { silentLogger } from '../../../src/logger.js';
import { Redactor } from '../../../src/redaction.js';
import { createRunContext, memoryOutputFiles } from '../../../src/runtime/create-context.js';
import { executeFlow } from '../../../src/runtime/execute-flow.js';
import { TaskRegistry } from '../../../src/runtime/registry.js';
import { savePlan, type ToldPlan } from '../../../src/runtime/saved-plan/save-plan.js';
import { allTasks, apply, Clone } from '../../../tasks/index.js';
import { PushFlows } from '../../../tasks/push-flows.js';
import { SyncFlows } from '../../../tasks/sync-flows.js';
import { contents, createWorld, fill, flowSource, type World } from '../../support/world.js';

let world: World;
const namespace = 'company.team';
const token = 'hunter2-token';
const flow = (id: string, extra = '') => flowSource(namespace, id, extra);
const leak = { code: 'SECRET_IN_PLAN' };

afterEach(() => world.close());

async function start(files: Parameters<World['repository']['commit']>[0]): Promise<void> {
  const auth = { username: 'ada', password: token };
  const context = { secrets: { TOKEN: token, USER: 'ada' } };
  world = await createWorld({ files, server: { auth }, context });
}

const sync = (properties: object = {}) =>
  new SyncFlows({
    url: world.url,
    username: 'ada',
    password: "{{ secret('TOKEN') }}",
    targetNamespace: namespace,
    ...properties,
  });

/** Plans a flow as `flowgit plan -o` does. */
async function planFlow(tasks: string, inputs: Record<string, string> = {}) {
  const told: ToldPlan[] = [];
  const redactor = new Redactor();
  const secrets = { get: async (name: string) => (name === 'TOKEN' ? token : null) };
  const ids = Object.keys(inputs).map((id) => `  - id: ${id}\n    type: STRING\n`);
  const declared = ids.length === 0 ? '' : `inputs:\n${ids.join('')}`;
  const execution = await executeFlow(`id: both\nnamespace: system\n${declared}tasks:\n${tasks}`, {
    registry: new TaskRegistry(allTasks),
    ...{ storage: world.storage, git: createGit(), logger: silentLogger, secrets, redactor, inputs },
    outputFiles: memoryOutputFiles('plan'),
    savesPlans: true,
    onEvent: (event) => void (event.type === 'task-planned' && told.push(event)),
  });
  expect(execution).toMatchObject({ state: 'SUCCESS', error: null });
  const context = createRunContext({ storage: world.storage, secrets, redactor });
  return savePlan(context, told, { namespace: 'system', id: 'both' });
}

const task = (id: string, type: string, properties: object) =>
  `  - ${JSON.stringify({ id, type, url: world.url, username: 'ada', password: "{{ secret('TOKEN') }}", ...properties })}\n`;

describe('secrets and saved plans', () => {
  it('keeps the expression, and asks for the secret again when it is applied', async () => {
    await start({ '_flows/a.yml': flow('a') });
    const plan = await sync({ username: "{{ secret('USER') }}" }).plan(world.context);
    const text = JSON.stringify(plan);
    expect(text).not.toContain(token);
    expect(plan.tasks[0]?.connection.expressions).toEqual({
      username: "{{ secret('USER') }}",
      password: "{{ secret('TOKEN') }}",
    });
    const without = createRunContext({ storage: world.storage });
    await expect(apply(plan, without)).rejects.toMatchObject({ code: 'SECRET_NOT_FOUND' });
    await apply(text, createRunContext({ storage: world.storage, secrets: { TOKEN: token, USER: 'ada' } }));
    expect(Object.keys(await contents(world.storage))).toEqual(['company.team/a']);
  });

  it('refuses a password that stands in the properties, and one in the URL', async () => {
    await start({ '_flows/a.yml': flow('a') });
    await expect(sync({ password: token }).plan(world.context)).rejects.toMatchObject(leak);
    const url = world.url.replace('http://', `http://ada:${token}@`);
    const inUrl = new SyncFlows({ url, targetNamespace: namespace });
    const error = await inUrl.plan(world.context).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject(leak);
    expect(String(error)).not.toContain(token);
  });

  it('refuses a secret that nobody will know any more', async () => {
    await start({ '_flows/a.yml': flow('a') });
    const tasks = task('git', 'git.SyncFlows', {
      targetNamespace: namespace,
      password: '{{ inputs.token }}',
    });
    await expect(planFlow(tasks, { token })).rejects.toMatchObject({
      ...leak,
      message: expect.stringContaining('inputs.token'),
    });
  });

  it.each<[string, Record<string, string | Uint8Array>, object]>([
    ['a flow', { '_flows/a.yml': flow('a', `# ${token}\n`) }, {}],
    ['a path', { [`_flows/${token}.yml`]: flow('a') }, {}],
  ])('refuses %s that holds one', async (_, files, properties) => {
    await start(files);
    const error = await sync(properties)
      .plan(world.context)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject(leak);
    expect(String(error)).not.toContain(token);
  });

  it('refuses the message of a commit that holds one', async () => {
    await start({ '_flows/a.yml': flow('a') });
    await fill(world.storage, { 'company.team/b': flow('b') });
    const properties = { url: world.url, username: 'ada', password: "{{ secret('TOKEN') }}" };
    const push = new PushFlows({ ...properties, sourceNamespace: namespace, commitMessage: `by ${token}` });
    await expect(push.plan(world.context)).rejects.toMatchObject(leak);
  });
});

describe('a saved push that signs', () => {
  it('asks for the key again, and signs the commit with it', async () => {
    await start({ README: 'x' });
    await fill(world.storage, { 'company.team/b': flow('b') });
    const { privateKey } = generateKeyPairSync('ed25519');
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const secrets = { TOKEN: token, KEY: key };
    const context = createRunContext({ storage: world.storage, secrets });
    const password = "{{ secret('TOKEN') }}";
    const signingKey = "{{ secret('KEY') }}";
    const properties = { url: world.url, username: 'ada', password, sourceNamespace: namespace };
    const plan = await new PushFlows({ ...properties, signingKey }).plan(context);
    expect(plan.tasks[0]?.connection.expressions).toEqual({ password, signingKey });
    const [applied] = await apply(
      JSON.stringify(plan),
      createRunContext({ storage: world.storage, secrets }),
    );
    expect(await world.repository.git('cat-file', 'commit', applied?.commitId ?? '')).toContain(
      'gpgsig -----BEGIN SSH SIGNATURE-----',
    );
  });
});

describe('the plans of a flow', () => {
  it('are saved together and applied one after the other, two pushes to one branch among them', async () => {
    await start({ '_flows/a.yml': flow('a'), '_other/x.yml': flow('x') });
    await fill(world.storage, { 'dev/one': flowSource('dev', 'one'), 'ops/two': flowSource('ops', 'two') });
    const plan = await planFlow(
      task('in', 'git.SyncFlows', { targetNamespace: namespace }) +
        task('dev', 'git.PushFlows', { sourceNamespace: 'dev', gitDirectory: '_dev' }) +
        task('ops', 'git.PushFlows', { sourceNamespace: 'ops', gitDirectory: '_ops' }) +
        '  - {id: say, type: core.log.Log, message: hello}\n',
    );
    expect(plan.tasks.map(({ taskId }) => taskId)).toEqual(['in', 'dev', 'ops']);
    const before = await world.repository.tip();
    const applied = await apply(plan, world.context);
    expect(await world.repository.git('log', '--format=%H', 'main')).toBe(
      `${applied[2]?.commitId}\n${applied[1]?.commitId}\n${before}\n`,
    );
    expect(await world.repository.git('ls-tree', '-r', '--name-only', 'main')).toBe(
      '_dev/one.yml\n_flows/a.yml\n_ops/two.yml\n_other/x.yml\n',
    );
    expect(Object.keys(await contents(world.storage))).toEqual(['company.team/a', 'dev/one', 'ops/two']);
    await expect(apply(plan, world.context)).rejects.toMatchObject({ code: 'STALE_PLAN' });
  });

  it('leaves out a task that is a dry run by itself', async () => {
    await start({ '_flows/a.yml': flow('a') });
    const plan = await planFlow(task('in', 'git.SyncFlows', { targetNamespace: namespace, dryRun: true }));
    expect(plan.tasks).toEqual([]);
  });

  it.each<[string, () => string]>([
    [
      'one reads what the other syncs',
      () =>
        task('first', 'git.SyncFlows', { targetNamespace: namespace }) +
        task('second', 'git.PushFlows', { sourceNamespace: namespace, branch: 'backup', delete: false }),
    ],
    [
      'one syncs what the other pushes',
      () =>
        task('first', 'git.PushFlows', {
          sourceNamespace: 'dev',
          targetNamespace: namespace,
          delete: false,
        }) + task('second', 'git.SyncFlows', { targetNamespace: namespace }),
    ],
    [
      'both are the same sync',
      () =>
        task('first', 'git.SyncFlows', { targetNamespace: namespace }) +
        task('second', 'git.SyncFlows', { targetNamespace: namespace }),
    ],
  ])('are refused when %s', async (_, tasks) => {
    await start({ '_flows/a.yml': flow('a') });
    await fill(world.storage, { 'dev/one': flowSource('dev', 'one') });
    await expect(planFlow(tasks())).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });

  it('says what stands when a later task fails', async () => {
    await start({ '_flows/a.yml': flow('a') });
    await fill(world.storage, { 'dev/one': flowSource('dev', 'one') });
    const plan = await planFlow(
      task('in', 'git.SyncFlows', { targetNamespace: namespace }) +
        task('out', 'git.PushFlows', { sourceNamespace: 'dev', gitDirectory: '_dev' }),
    );
    const hook = join(world.repository.path, 'hooks/pre-receive');
    await writeFile(hook, '#!/bin/sh\necho no >&2\nexit 1\n', { mode: 0o755 });
    await expect(apply(plan, world.context)).rejects.toMatchObject({
      code: 'PARTIALLY_APPLIED',
      data: { applied: ['in'], failed: 'out' },
    });
    expect(Object.keys(await contents(world.storage))).toContain('company.team/a');
  });
});

describe('a task that makes no plans', () => {
  it('says so', async () => {
    await start({ README: 'x' });
    await expect(new Clone({ url: world.url }).plan(world.context)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    });
  });
});
