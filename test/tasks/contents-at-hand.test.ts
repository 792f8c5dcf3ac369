import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { blobId } from '../../src/resources/blob-id.js';
import { createRunContext } from '../../src/runtime/create-context.js';
import type { StorageAdapter } from '../../src/storage/types.js';
import { PushNamespaceFiles } from '../../tasks/push-namespace-files.js';
import { SyncFlows } from '../../tasks/sync-flows.js';
import { SyncNamespaceFiles } from '../../tasks/sync-namespace-files.js';
import type { Files } from '../support/bare-repository.js';
import { contents, createWorld, fill, flowSource, type World } from '../support/world.js';

/** Contents that nothing compresses: one that goes over the wire shows. */
const contentBytes = 20_000;
const names = Array.from({ length: 12 }, (_, index) => `dir-${index % 3}/file-${index}.bin`);

let world: World;
let held: Record<string, Buffer>;

beforeEach(() => {
  held = Object.fromEntries(names.map((name) => [name, randomBytes(contentBytes)]));
});
afterEach(() => world.close());

const below = (directory: string, files: Record<string, Buffer>): Record<string, Buffer> =>
  Object.fromEntries(Object.entries(files).map(([name, content]) => [`${directory}${name}`, content]));

/** A context that knows nothing of what others fetched. */
const fresh = (storage: StorageAdapter = world.storage) =>
  createRunContext({ storage, identity: { namespace: 'system', flowId: 'runner' } });

const sync = (storage?: StorageAdapter) =>
  new SyncNamespaceFiles({ url: world.url, namespace: 'prod', delete: true }).run(fresh(storage));
const push = () => new PushNamespaceFiles({ url: world.url, namespace: 'prod', delete: true }).run(fresh());

const bytesDown = () => world.server.requests.reduce((sum, { bytesOut }) => sum + bytesOut, 0);
const bytesUp = () => world.server.requests.reduce((sum, { bytesIn }) => sum + bytesIn, 0);

async function storedDigests(): Promise<Record<string, string>> {
  const entries = await world.storage.list({ kind: 'file', namespace: 'prod', children: false });
  const read = await world.storage.read(entries.map(({ key }) => key));
  return Object.fromEntries(read.map((file) => [file?.key.id ?? '', digest(file?.content)]));
}

const digestsOf = (files: Record<string, Buffer>) =>
  Object.fromEntries(Object.entries(files).map(([name, content]) => [name, digest(content)]));
const digest = (content: Uint8Array = new Uint8Array()) => createHash('sha1').update(content).digest('hex');

describe('of what storage has already,', () => {
  it('the first sync transfers nothing', async () => {
    world = await createWorld({ files: below('_files/', held) });
    await fill(world.storage, below('prod:', held));
    const { summary } = await sync();
    expect(summary).toMatchObject({ added: 0, updated: 0, unchanged: names.length });
    expect(bytesDown()).toBeLessThan(contentBytes / 4);
  });

  it('the first sync transfers only the rest', async () => {
    world = await createWorld({ files: below('_files/', held) });
    const [gone = '', other = '', ...rest] = names;
    const present = Object.fromEntries(rest.map((name) => [name, held[name] ?? Buffer.alloc(0)]));
    await fill(world.storage, below('prod:', { ...present, [other]: randomBytes(100) }));
    const { summary } = await sync();
    expect(summary).toMatchObject({ added: 1, updated: 1, unchanged: rest.length });
    expect(bytesDown()).toBeGreaterThan(2 * contentBytes);
    expect(bytesDown()).toBeLessThan(2.5 * contentBytes);
    expect(await storedDigests()).toEqual(digestsOf(held));
    expect(await storedDigests()).toHaveProperty(gone);
  });

  it('what git moved or copied is taken from where it is', async () => {
    world = await createWorld({ files: below('_files/', held) });
    await sync();
    const [moved = '', copied = ''] = names;
    const after = { ...held, 'elsewhere/moved.bin': held[moved], 'copy.bin': held[copied] } as typeof held;
    delete after[moved];
    const change: Files = {
      [`_files/${moved}`]: null,
      ...below('_files/', pick(after, 'elsewhere/moved.bin')),
    };
    await world.repository.commit({ ...change, ...below('_files/', pick(after, 'copy.bin')) });
    world.server.requests.length = 0;
    const { summary } = await sync();
    expect(summary).toMatchObject({ added: 2, deleted: 1, unchanged: names.length - 1 });
    expect(bytesDown()).toBeLessThan(contentBytes / 4);
    expect(await storedDigests()).toEqual(digestsOf(after));
  });

  it('what is replaced before it is read comes from git', async () => {
    world = await createWorld({ files: below('_files/', held) });
    const [name = ''] = names;
    await fill(world.storage, { 'prod:old.bin': held[name] ?? '' });
    const { storage } = world;
    const hasty: StorageAdapter = {
      ...storage,
      read: async (keys, options) => {
        const found = await storage.read(keys, options);
        return found.map((content) =>
          content?.key.id === 'old.bin'
            ? { ...content, oid: '1'.repeat(40), content: Buffer.from('new') }
            : content,
        );
      },
    };
    await new SyncNamespaceFiles({ url: world.url, namespace: 'prod' }).run(fresh(hasty));
    expect(await storedDigests()).toEqual(digestsOf({ ...held, 'old.bin': held[name] ?? Buffer.alloc(0) }));
  });

  it('nothing stands in the way of a first sync when other files change meanwhile', async () => {
    let edits = 0;
    world = await createWorld({
      files: below('_files/', held),
      server: {
        intercept: async () => {
          await fill(world.storage, { 'prod:busy.txt': `edit ${edits++}` });
          return false;
        },
      },
    });
    await fill(world.storage, { 'prod:busy.txt': 'at first' });
    const { summary } = await new SyncNamespaceFiles({ url: world.url, namespace: 'prod' }).run(fresh());
    expect(summary).toMatchObject({ added: names.length });
    // Refs, the commit, the trees, and the contents: once each.
    expect(edits).toBe(4);
  });

  it('an unrelated file in storage makes no later sync ask for more', async () => {
    const laterRequests = async (stored: Record<string, string>) => {
      world = await createWorld({ files: below('_files/', held) });
      await fill(world.storage, stored);
      const cacheDir = join(world.directory, 'cache');
      const run = () =>
        new SyncNamespaceFiles({ url: world.url, namespace: 'prod' }).run(
          createRunContext({ storage: world.storage, network: { cacheDir } }),
        );
      await run();
      expect(bytesDown()).toBeLessThan(1.1 * names.length * contentBytes);
      await world.repository.commit({ [`_files/${names[0]}`]: 'changed' });
      world.server.requests.length = 0;
      expect((await run()).summary).toMatchObject({ updated: 1 });
      return world.server.requests.length;
    };
    const expected = await laterRequests({});
    await world.close();
    expect(await laterRequests({ 'prod:own.txt': 'mine' })).toBe(expected);
  });

  it('flows are not transferred either, unless they differ', async () => {
    const flows = Object.fromEntries(
      names.map((_, index) => {
        const noise = `# ${randomBytes(contentBytes).toString('base64')}\n`;
        return [`flow-${index}`, flowSource('prod', `flow-${index}`, noise)];
      }),
    );
    const files = Object.entries(flows).map(([id, source]) => [`_flows/${id}.yml`, source]);
    world = await createWorld({ files: Object.fromEntries(files) });
    const { 'flow-0': absent, ...present } = flows;
    await fill(
      world.storage,
      Object.fromEntries(Object.entries(present).map(([id, source]) => [`prod/${id}`, source])),
    );
    const { summary } = await new SyncFlows({ url: world.url, targetNamespace: 'prod' }).run(fresh());
    expect(summary).toMatchObject({ added: 1, unchanged: names.length - 1 });
    expect(bytesDown()).toBeLessThan(1.5 * contentBytes);
    expect(await contents(world.storage)).toHaveProperty('prod/flow-0', absent);
  });
});

describe('of what git has already,', () => {
  it('a push sends nothing that was moved or copied', async () => {
    world = await createWorld({ files: below('_files/', held) });
    await sync();
    const [moved = '', copied = '', replaced = ''] = names;
    const key = (id: string) => ({ kind: 'file', namespace: 'prod', id }) as const;
    const [present] = await world.storage.read([key(moved)]);
    await world.storage.apply({
      changes: [{ action: 'delete', key: key(moved), expectedOid: present?.oid ?? '' }],
    });
    await fill(world.storage, {
      'prod:elsewhere/moved.bin': held[moved] ?? '',
      'prod:copy.bin': held[copied] ?? '',
      [`prod:${replaced}`]: held[copied] ?? '',
      'prod:new.txt': 'new',
    });
    world.server.requests.length = 0;
    const { summary } = await push();
    expect(summary).toMatchObject({ added: 3, updated: 1, deleted: 1 });
    expect(bytesUp()).toBeLessThan(contentBytes / 4);
    await world.repository.fsck();
    const pushed = await world.repository.git('ls-tree', '-r', '--name-only', 'main');
    expect(pushed).toContain('_files/elsewhere/moved.bin');
    expect(pushed).not.toContain(`_files/${moved}\n`);
    const ids = (path: string) => world.repository.git('rev-parse', `main:_files/${path}`);
    expect(await ids('copy.bin')).toBe(await ids(copied));
    expect(await ids(replaced)).toBe(await ids(copied));
  });

  it('a push of an empty directory does not take the content of another for an empty one', async () => {
    world = await createWorld({ files: { '_files/old/.gitkeep': 'keeps the directory', '_files/a': 'a' } });
    await sync();
    await fill(world.storage, { 'prod:new/': '' });
    expect((await push()).summary).toMatchObject({ added: 1 });
    await world.repository.fsck();
    expect(await world.repository.files()).toEqual({
      '_files/a': 'a',
      '_files/new/.gitkeep': '',
      '_files/old/.gitkeep': 'keeps the directory',
    });
  });

  it('a push does not take a submodule for a content', async () => {
    world = await createWorld({ files: { '_files/a': 'a' } });
    const { repository } = world;
    const oid = blobId(Buffer.from('deploy'));
    const below = (await repository.git('ls-tree', 'main:_files')).trimEnd();
    const inside = await repository.makeTree(`${below}\n160000 commit ${oid}\tvendor\n`);
    const root = await repository.makeTree(`040000 tree ${inside}\t_files\n`);
    const commit = (await repository.git('commit-tree', root, '-p', 'main', '-m', 'vendor')).trim();
    await repository.git('update-ref', 'refs/heads/main', commit);
    await fill(world.storage, { 'prod:a': 'a', 'prod:deploy.sh': 'deploy' });
    const { summary } = await new PushNamespaceFiles({ url: world.url, namespace: 'prod' }).run(fresh());
    expect(summary).toMatchObject({ added: 1, invalid: 1 });
    expect(await repository.git('cat-file', 'blob', 'main:_files/deploy.sh')).toBe('deploy');
  });
});

function pick(files: Record<string, Buffer>, name: string): Record<string, Buffer> {
  return { [name]: files[name] ?? Buffer.alloc(0) };
}
