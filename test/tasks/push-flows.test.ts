import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { PushFlows } from '../../tasks/push-flows.js';
import { SyncFlows } from '../../tasks/sync-flows.js';
import {
  contents,
  createWorld,
  fill,
  flowSource,
  rows,
  type World,
  type WorldOptions,
} from '../support/world.js';

let world: World;
const start = async (options: WorldOptions, stored: Record<string, string | Uint8Array> = {}) => {
  world = await createWorld(options);
  await fill(world.storage, stored);
};
afterEach(() => world.close());

const push = (properties: Partial<ConstructorParameters<typeof PushFlows>[0]> = {}) =>
  new PushFlows({
    url: world.url,
    sourceNamespace: 'dev',
    authorName: 'Bot',
    authorEmail: 'bot@x.org',
    ...properties,
  }).run(world.context);

const nothing = { added: 0, updated: 0, overwritten: 0, deleted: 0, unchanged: 0, invalid: 0, conflicted: 0 };
const stem = 'keep-me.txt';

describe('PushFlows', () => {
  it('makes the first commit of an empty repository', async () => {
    await start({}, { 'dev/a': flowSource('dev', 'a') });
    const output = await push();
    expect(await world.repository.files()).toEqual({ '_flows/a.yml': flowSource('dev', 'a') });
    expect(output).toMatchObject({
      commitId: await world.repository.tip(),
      dryRun: false,
      revision: `main@sha1:${output.commitId}`,
      summary: { ...nothing, added: 1 },
    });
    expect(await rows(world.context, output.flows)).toEqual([
      { file: '_flows/a.yml', action: 'ADDED', additions: '+7', deletions: '-0', changes: '0' },
    ]);
    expect((await world.repository.git('log', '-1', '--format=%an <%ae> %s')).trim()).toBe(
      'Bot <bot@x.org> Add flows from dev namespace',
    );
    await world.repository.fsck();
  });

  it('makes no commit and writes nothing when git has everything', async () => {
    await start({}, { 'dev/a': flowSource('dev', 'a') });
    await push();
    const tip = await world.repository.tip();
    world.storage.apply = () => Promise.reject(new Error('a second push writes nothing'));
    const output = await push();
    expect(output).toMatchObject({ commitId: null, commitURL: null, summary: { ...nothing, unchanged: 1 } });
    expect(await world.repository.tip()).toBe(tip);
    expect(world.logs).toContainEqual(expect.stringContaining('nothing to commit'));
  });

  it('creates nothing on a dry run: no commit, no branch', async () => {
    await start({ files: { 'README.md': 'hi' } }, { 'dev/a': flowSource('dev', 'a') });
    const tip = await world.repository.tip();
    const output = await push({ dryRun: true, branch: 'feature' });
    expect(output).toMatchObject({ commitId: null, dryRun: true, summary: { ...nothing, added: 1 } });
    expect(await world.repository.tip()).toBe(tip);
    expect(await world.repository.tip('feature')).toBeNull();
  });

  it('creates a missing branch from the default branch', async () => {
    await start({ files: { 'README.md': 'hi' } }, { 'dev/a': flowSource('dev', 'a') });
    await push({ branch: 'feature' });
    expect(await world.repository.files('feature')).toEqual({
      'README.md': 'hi',
      '_flows/a.yml': flowSource('dev', 'a'),
    });
    expect(await world.repository.files('main')).toEqual({ 'README.md': 'hi' });
  });

  it('rewrites the namespace and nothing else, children into directories', async () => {
    const source =
      '# head\r\nid: a\r\nnamespace:   "dev"   # here\r\nrevision: 4\r\ntasks:\r\n  - {id: t, type: x, namespace: dev}\r\n';
    await start(
      {},
      {
        'dev/a': source,
        'dev.sub.deep/b': flowSource('dev.sub.deep', 'b'),
        'development/c': flowSource('development', 'c'),
      },
    );
    await push({ targetNamespace: 'prod', includeChildNamespaces: true });
    expect(await world.repository.files()).toEqual({
      '_flows/a.yml': source.replace('"dev"', '"prod"').replace('revision: 4\r\n', ''),
      '_flows/sub/deep/b.yml': flowSource('prod.sub.deep', 'b'),
    });
  });

  it('moves subflow references along when asked to', async () => {
    const source = (namespace: string) =>
      `id: a\nnamespace: ${namespace}\ntasks:\n  - id: s\n    type: io.kestra.plugin.core.flow.Subflow\n    namespace: ${namespace}.sub\n    flowId: b\n  - id: k\n    type: kubernetes\n    namespace: dev\n`;
    await start({}, { 'dev/a': source('dev') });
    await push({ targetNamespace: 'prod', rewriteReferences: true });
    expect(await world.repository.files()).toEqual({ '_flows/a.yml': source('prod') });
  });

  it('updates the file that holds the flow already, whatever its name', async () => {
    await start(
      { files: { '_flows/My Flow.yaml': flowSource('dev', 'a') } },
      { 'dev/a': flowSource('dev', 'a', '# new\n') },
    );
    const output = await push();
    expect(await world.repository.files()).toEqual({
      '_flows/My Flow.yaml': flowSource('dev', 'a', '# new\n'),
    });
    expect(await rows(world.context, output.flows)).toEqual([
      { file: '_flows/My Flow.yaml', action: 'UPDATED', additions: '+1', deletions: '-0', changes: '0' },
    ]);
  });

  it('deletes files whose flow is gone, and never what is no flow', async () => {
    const others = {
      [`_flows/${stem}`]: 'x',
      '_flows/compose.yml': 'services: {}\n',
      'other/z.yml': flowSource('dev', 'z'),
    };
    await start(
      { files: { ...others, '_flows/gone.yml': flowSource('dev', 'gone') } },
      { 'dev/a': flowSource('dev', 'a') },
    );
    expect((await push()).summary).toEqual({ ...nothing, added: 1, deleted: 1 });
    expect(await world.repository.files()).toEqual({ ...others, '_flows/a.yml': flowSource('dev', 'a') });
  });

  it('makes a commit of deletions alone, also of the last flow when that is allowed', async () => {
    await start({}, { 'dev/a': flowSource('dev', 'a'), 'dev/b': flowSource('dev', 'b') });
    await push();
    const drop = async (id: string) => {
      const [entry] = await world.storage.read([{ kind: 'flow', namespace: 'dev', id }]);
      await world.storage.apply({
        changes: [
          { action: 'delete', key: { kind: 'flow', namespace: 'dev', id }, expectedOid: entry?.oid ?? '' },
        ],
      });
    };
    await drop('b');
    expect((await push()).summary).toEqual({ ...nothing, unchanged: 1, deleted: 1 });
    await drop('a');
    await expect(push()).rejects.toMatchObject({ code: 'EMPTY_SOURCE' });
    const output = await push({ allowEmpty: true });
    expect(output.summary).toEqual({ ...nothing, deleted: 1 });
    expect(await world.repository.tip()).toBe(output.commitId);
    expect(await world.repository.files()).toEqual({});
    await world.repository.fsck();
  });

  it('restricts itself to the globs, deletions included', async () => {
    await start(
      {
        files: {
          '_flows/etl-gone.yml': flowSource('dev', 'etl-gone'),
          '_flows/web.yml': flowSource('dev', 'web'),
        },
      },
      { 'dev/etl-a': flowSource('dev', 'etl-a'), 'dev/other': flowSource('dev', 'other') },
    );
    await push({ flows: ['etl-*'] });
    expect(Object.keys(await world.repository.files())).toEqual(['_flows/etl-a.yml', '_flows/web.yml']);
  });

  it('leaves drafts out, and their files as they are', async () => {
    await start(
      { files: { '_flows/d.yml': flowSource('dev', 'd') } },
      { 'dev/d': flowSource('dev', 'd', 'draft: true\n'), 'dev/a': flowSource('dev', 'a') },
    );
    await push();
    expect(await world.repository.files()).toEqual({
      '_flows/a.yml': flowSource('dev', 'a'),
      '_flows/d.yml': flowSource('dev', 'd'),
    });
  });

  it('takes another ending where something else has the name', async () => {
    await start(
      { files: { '_flows/compose.yml': 'services: {}\n' } },
      { 'dev/compose': flowSource('dev', 'compose') },
    );
    await push();
    expect(await world.repository.files()).toEqual({
      '_flows/compose.yml': 'services: {}\n',
      '_flows/compose.yaml': flowSource('dev', 'compose'),
    });
  });

  it('plans again on the new head when it loses a race, and keeps what the other side pushed', async () => {
    let races = 3;
    await start({
      files: { '_flows/a.yml': flowSource('dev', 'a') },
      server: {
        intercept: async (request) => {
          if (request.method === 'POST' && request.url?.endsWith('git-receive-pack') && races-- > 0) {
            await world.repository.commit({ [`_flows/other${races}.txt`]: 'theirs' });
          }
          return false;
        },
      },
    });
    await fill(world.storage, { 'dev/a': flowSource('dev', 'a', '# ours\n') });
    await push();
    expect(Object.keys(await world.repository.files()).sort()).toEqual([
      '_flows/a.yml',
      '_flows/other0.txt',
      '_flows/other1.txt',
      '_flows/other2.txt',
    ]);
    expect((await world.repository.files())['_flows/a.yml']).toBe(flowSource('dev', 'a', '# ours\n'));
    await world.repository.fsck();
  });

  it('gets through after twenty lost races, with every commit of the others', async () => {
    let races = 0;
    await start({
      files: { 'README.md': 'x' },
      server: {
        intercept: async (request) => {
          const isPush = request.method === 'POST' && request.url?.endsWith('git-receive-pack') === true;
          if (isPush && races < 20) await world.repository.commit({ [`r${races++}.txt`]: 'theirs' });
          return false;
        },
      },
    });
    await fill(world.storage, { 'dev/a': flowSource('dev', 'a') });
    await push({ pushRetries: 20 });
    expect(Object.keys(await world.repository.files())).toHaveLength(22);
    expect(await world.repository.commitCount()).toBe(22);
    await world.repository.fsck();
  });

  it('gives up after pushRetries lost races and loses nothing', async () => {
    let count = 0;
    await start({
      files: { 'README.md': 'x' },
      server: {
        intercept: async (request) => {
          if (request.method === 'POST' && request.url?.endsWith('git-receive-pack')) {
            await world.repository.commit({ [`r${count++}.txt`]: 'theirs' });
          }
          return false;
        },
      },
    });
    await fill(world.storage, { 'dev/a': flowSource('dev', 'a') });
    await expect(push({ pushRetries: 4 })).rejects.toMatchObject({ code: 'PUSH_REJECTED', retryable: true });
    expect(count).toBe(5);
    expect(await world.repository.files()).not.toHaveProperty('_flows/a.yml');
  });

  it("shows a hook's refusal in the server's own words and does not retry it", async () => {
    await start({ files: { 'README.md': 'x' } }, { 'dev/a': flowSource('dev', 'a') });
    await writeFile(
      join(world.repository.path, 'hooks/pre-receive'),
      '#!/bin/sh\necho "only releases on main" >&2\nexit 1\n',
      {
        mode: 0o755,
      },
    );
    await expect(push()).rejects.toMatchObject({
      code: 'PUSH_REJECTED',
      retryable: false,
      message: expect.stringContaining('only releases on main'),
    });
    const posts = world.server.requests.filter(
      ({ method, path }) => method === 'POST' && path.endsWith('receive-pack'),
    );
    expect(posts).toHaveLength(1);
  });

  it('gives back what a sync brought, byte for byte', async () => {
    const files = {
      '_flows/a.yml': '\uFEFFid: a\r\nnamespace: "prod" # x\r\ntasks:\r\n- id: t\r\n  type: "y"',
      '_flows/sub/b.yaml': flowSource('prod.sub', 'b'),
    };
    await start({ files });
    await new SyncFlows({ url: world.url, targetNamespace: 'dev', includeChildNamespaces: true }).run(
      world.context,
    );
    expect(Object.keys(await contents(world.storage))).toEqual(['dev/a', 'dev.sub/b']);
    const output = await push({ targetNamespace: 'prod', includeChildNamespaces: true });
    expect(output.commitId).toBeNull();
    expect(await world.repository.files()).toEqual(files);
  });
});
