import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { blobId } from '../../src/resources/blob-id.js';
import { openDirectoryStorage, type StorageAdapter } from '../../src/storage/index.js';
import {
  apply,
  everyFile,
  everyFlow,
  file,
  flow,
  put,
  remove,
  textAt,
} from '../../src/testing/storage-contract/case.js';
import { temporaryDirectory } from './temporary-directory.js';

let directory: string;
let storage: StorageAdapter;

beforeEach(async () => {
  directory = join(temporaryDirectory(), 'data');
  storage = await openDirectoryStorage(directory);
});

const hello = flow('company.team', 'hello');
const at = (path: string): string => join(directory, path);
const helloPath = (): string => at('flows/company.team/hello.yml');

function write(path: string, content: string): void {
  mkdirSync(join(at(path), '..'), { recursive: true });
  writeFileSync(at(path), content);
}

async function revisions(scope = everyFlow): Promise<Record<string, number>> {
  const entries = await storage.list(scope);
  return Object.fromEntries(entries.map(({ key, revision }) => [key.id, revision]));
}

describe('a directory edited by hand', () => {
  it('shows an edit as a new revision, to this adapter and to the next', async () => {
    await apply(storage, put(hello, 'one'));
    writeFileSync(helloPath(), 'two');
    expect(await revisions()).toEqual({ hello: 2 });
    writeFileSync(helloPath(), 'one');
    expect((await storage.read([hello]))[0]).toMatchObject({ revision: 3, oid: blobId(Buffer.from('one')) });
    const next = await openDirectoryStorage(directory);
    expect((await next.list(everyFlow))[0]?.revision).toBe(3);
    expect(await apply(next, put(hello, 'four', 'one'))).toMatchObject([{ revision: 4 }]);
  });

  it('sees an edit of the same length whose modification time was set back', async () => {
    await apply(storage, put(hello, 'one'));
    await storage.list(everyFlow);
    const { atime, mtime } = statSync(helloPath());
    writeFileSync(helloPath(), 'two');
    utimesSync(helloPath(), atime, mtime);
    expect(await revisions()).toEqual({ hello: 2 });
  });

  it("sees an editor's replacement of the same length and time", async () => {
    await apply(storage, put(hello, 'one'));
    await storage.list(everyFlow);
    const { atime, mtime } = statSync(helloPath());
    writeFileSync(at('flows/company.team/.hello.yml.swp'), 'two');
    utimesSync(at('flows/company.team/.hello.yml.swp'), atime, mtime);
    renameSync(at('flows/company.team/.hello.yml.swp'), helloPath());
    expect(await revisions()).toEqual({ hello: 2 });
  });

  it('sees every one of many edits of the same length made in a row', async () => {
    await apply(storage, put(hello, '000'));
    for (let edit = 1; edit <= 100; edit += 1) {
      writeFileSync(helloPath(), String(edit).padStart(3, '0'));
      expect(await revisions()).toEqual({ hello: edit + 1 });
    }
  });

  it('keeps revision and version when a file is only touched or copied back', async () => {
    await apply(storage, put(hello, 'one'));
    const version = await storage.version?.(everyFlow);
    utimesSync(helloPath(), new Date(), new Date());
    expect(await revisions()).toEqual({ hello: 1 });
    rmSync(helloPath());
    writeFileSync(helloPath(), 'one');
    expect(await storage.version?.(everyFlow)).toBe(version);
  });

  it('changes the version with every edit, addition and removal', async () => {
    const versions = [await storage.version?.(everyFlow)];
    write('flows/company.team/hello.yml', 'one');
    versions.push(await storage.version?.(everyFlow));
    writeFileSync(helloPath(), 'two');
    versions.push(await storage.version?.(everyFlow));
    rmSync(helloPath());
    versions.push(await storage.version?.(everyFlow));
    for (const [step, version] of versions.entries()) expect(version).not.toBe(versions[step + 1]);
  });

  it('counts a removal, and goes on counting when the resource comes back', async () => {
    await apply(storage, put(hello, 'one'));
    rmSync(helloPath());
    expect(await revisions()).toEqual({});
    expect(await storage.read([hello])).toEqual([null]);
    writeFileSync(helloPath(), 'one');
    expect(await revisions()).toEqual({ hello: 3 });
  });

  it('finds flows, files, directories and dashboards that were there before flowgit', async () => {
    write('flows/company.team/a.yml', 'id: a\n');
    write('flows/company.team/b.yaml', 'id: b\n');
    write('dashboards/d.yml', 'id: d\n');
    write('files/company.team/scripts/run.sh', 'echo\n');
    mkdirSync(at('files/company.team/empty'));
    expect(await revisions()).toEqual({ a: 1, b: 1 });
    expect(await revisions(everyFile)).toEqual({ 'empty/': 1, 'scripts/run.sh': 1 });
    expect(await revisions({ kind: 'dashboard', namespace: '', children: false })).toEqual({ d: 1 });
  });

  it('refuses to write over an edit made after the listing, and writes nothing', async () => {
    await apply(storage, put(hello, 'one'));
    writeFileSync(helloPath(), 'two');
    const batch = apply(storage, put(hello, 'three', 'one'), put(flow('company.team', 'new'), 'new'));
    await expect(batch).rejects.toMatchObject({ code: 'STORAGE_CONFLICT', data: { keys: [hello] } });
    expect(readFileSync(helloPath(), 'utf8')).toBe('two');
    expect(existsSync(at('flows/company.team/new.yml'))).toBe(false);
    expect(await apply(storage, put(hello, 'three', 'two'))).toMatchObject([{ revision: 3 }]);
  });

  it("takes the id from the file's name, and writes a .yaml file where it is", async () => {
    write('flows/company.team/named.yaml', 'id: other\n');
    expect(await revisions()).toEqual({ named: 1 });
    await apply(storage, put(flow('company.team', 'named'), 'new', 'id: other\n'));
    expect(readFileSync(at('flows/company.team/named.yaml'), 'utf8')).toBe('new');
    expect(existsSync(at('flows/company.team/named.yml'))).toBe(false);
  });

  it('names both files when a flow lies there as .yml and as .yaml', async () => {
    write('flows/company.team/twice.yml', 'id: twice\n');
    write('flows/company.team/twice.yaml', 'id: twice\n');
    const both = /twice\.yaml and .*twice\.yml/;
    await expect(storage.list(everyFlow)).rejects.toThrow(both);
    await expect(storage.read([flow('company.team', 'twice')])).rejects.toThrow(both);
    await expect(apply(storage, put(flow('company.team', 'twice'), 'x'))).rejects.toThrow(both);
  });

  it('names a flow file whose name cannot be an id', async () => {
    write('flows/company.team/my flow.yml', 'id: my\n');
    await expect(storage.list(everyFlow)).rejects.toThrow(/my flow\.yml/);
    await expect(storage.list({ kind: 'flow', namespace: 'other', children: true })).resolves.toEqual([]);
  });

  it('ignores, and leaves alone, files that are no flows and directories that are no namespaces', async () => {
    await apply(storage, put(hello, 'one'));
    const others = ['README.md', '.DS_Store', '.hello.yml.swp', 'hello.yml~', '#hello.yml#', '.#x.yml'];
    for (const name of others) write(`flows/company.team/${name}`, name);
    write('flows/README.md', 'x');
    write('flows/No Namespace/x.yml', 'id: x\n');
    expect(await revisions()).toEqual({ hello: 1 });
    await apply(storage, remove(hello, 'one'));
    expect(others.every((name) => existsSync(at(`flows/company.team/${name}`)))).toBe(true);
  });

  it('leaves a repository that someone cloned into the files alone', async () => {
    write('files/company.team/project/.git/config', '[core]\n');
    write('files/company.team/project/main.py', 'pass\n');
    expect(await revisions(everyFile)).toEqual({ 'project/main.py': 1 });
    await apply(storage, remove(file('project/main.py'), 'pass\n'));
    expect(existsSync(at('files/company.team/project/.git/config'))).toBe(true);
  });

  it("keeps a file's mode when it is written over", async () => {
    await apply(storage, put(file('run.sh'), 'one'));
    chmodSync(at('files/company.team/run.sh'), 0o750);
    await apply(storage, put(file('run.sh'), 'two', 'one'));
    expect(statSync(at('files/company.team/run.sh')).mode & 0o777).toBe(0o750);
  });

  it('creates nothing when a directory that is not there is listed or read', async () => {
    expect(await storage.list(everyFlow)).toEqual([]);
    expect(await storage.read([hello, file('dir/')])).toEqual([null, null]);
    expect(await storage.version?.(everyFile)).toBeTypeOf('string');
    expect(existsSync(directory)).toBe(false);
  });
});

describe('symbolic links in a directory', () => {
  let outside: string;

  beforeEach(() => {
    outside = temporaryDirectory();
    writeFileSync(join(outside, 'target'), 'outside');
    mkdirSync(at('files/company.team'), { recursive: true });
  });

  it('are named instead of followed: a file', async () => {
    symlinkSync(join(outside, 'target'), at('files/company.team/link'));
    const refused = expect.objectContaining({
      code: 'UNSAFE_PATH',
      message: expect.stringContaining('link'),
    });
    await expect(storage.list(everyFile)).rejects.toEqual(refused);
    await expect(storage.read([file('link')])).rejects.toEqual(refused);
    await expect(apply(storage, put(file('link'), 'x'))).rejects.toEqual(refused);
    await expect(apply(storage, put(file('link'), 'x', 'outside'))).rejects.toEqual(refused);
    expect(readFileSync(join(outside, 'target'), 'utf8')).toBe('outside');
  });

  it('are named instead of followed: a directory, a namespace, a kind', async () => {
    for (const [path, key] of [
      ['files/company.team/dir', file('dir/target')],
      ['files/linked', file('target', 'linked')],
      ['flows', flow('company.team', 'x')],
      ['dashboards', { kind: 'dashboard', namespace: '', id: 'x' }],
    ] as const) {
      symlinkSync(outside, at(path));
      const scope = { kind: key.kind, namespace: '', children: true };
      await expect(storage.list(scope)).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
      await expect(storage.read([key])).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
      await expect(apply(storage, put(key, 'x'))).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
      rmSync(at(path));
    }
    expect(await textAt(storage, file('dir/target'))).toBe(null);
    expect(readFileSync(join(outside, 'target'), 'utf8')).toBe('outside');
  });

  it('by which Emacs marks a file being edited are passed over', async () => {
    await apply(storage, put(file('a'), 'A'));
    symlinkSync('user@host.1234', at('files/company.team/.#a'));
    expect(await revisions(everyFile)).toEqual({ a: 1 });
  });
});
