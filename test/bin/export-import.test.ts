import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { importDirectory } from '../../bin/plain-directory/import-directory.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import { temporaryDirectory } from '../support/bare-repository.js';
import { contents, flowSource } from '../support/world.js';
import { cli } from './cli.js';

let cwd: string;
let remove: () => Promise<void>;

beforeEach(async () => {
  ({ path: cwd, remove } = await temporaryDirectory());
});
afterEach(() => remove());

async function write(files: Record<string, string | Uint8Array>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(cwd, path)), { recursive: true });
    await writeFile(join(cwd, path), content);
  }
}

async function tree(directory: string): Promise<Record<string, string>> {
  const entries = await readdir(join(cwd, directory), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const read = files.sort().map(async (file): Promise<[string, string]> => {
    return [file.slice(join(cwd, directory).length + 1), await readFile(file, 'latin1')];
  });
  return Object.fromEntries(await Promise.all(read));
}

const dashboard = 'id: board\ntitle: Board\n';
const sample = {
  'in/flows/company.team/a.yml': flowSource('company.team', 'a'),
  'in/flows/other/named-otherwise.yaml': flowSource('other', 'b'),
  'in/files/company.team/scripts/run.sh': 'echo hi\n',
  'in/files/company.team/image.bin': new Uint8Array([0, 255, 10, 13]),
  'in/dashboards/board.yml': dashboard,
  'in/README.md': 'left alone',
};

describe('flowgit import and export', () => {
  it('carry flows, files and dashboards through a storage, byte for byte', async () => {
    await write(sample);
    await mkdir(join(cwd, 'in/files/company.team/empty'));
    const first = await cli(['import', 'in'], { cwd });
    expect(first.stderr).toBe('');
    expect(first.stdout.split('\n')).toEqual([
      '  + flows/company.team/a.yml',
      '  + flows/other/named-otherwise.yaml',
      '  + files/company.team/empty/',
      '  + files/company.team/image.bin',
      '  + files/company.team/scripts/run.sh',
      '  + dashboards/board.yml',
      '6 added, 0 updated, 0 deleted, 0 unchanged',
      '',
    ]);
    const out = await cli(['export', 'out'], { cwd });
    expect(out.stdout).toContain('6 added');
    expect(await tree('out')).toEqual({
      'dashboards/board.yml': dashboard,
      'files/company.team/image.bin': '\u0000\u00ff\n\r',
      'files/company.team/scripts/run.sh': 'echo hi\n',
      'flows/company.team/a.yml': flowSource('company.team', 'a'),
      'flows/other/b.yml': flowSource('other', 'b'),
    });
    expect(await readdir(join(cwd, 'out/files/company.team'))).toContain('empty');
    expect((await cli(['export', 'out'], { cwd })).stdout).toBe(
      '0 added, 0 updated, 0 deleted, 6 unchanged\n',
    );
    expect((await cli(['import', 'out'], { cwd })).stdout).toBe(
      '0 added, 0 updated, 0 deleted, 6 unchanged\n',
    );
  });

  it('write nothing on a dry run', async () => {
    await write(sample);
    const { stdout } = await cli(['import', 'in', '--dry-run'], { cwd });
    expect(stdout).toContain('5 added, 0 updated, 0 deleted, 0 unchanged (dry run, nothing was written)');
    await cli(['import', 'in', '-q'], { cwd });
    await cli(['export', 'out', '--dry-run'], { cwd });
    expect(await readdir(cwd)).not.toContain('out');
    expect((await cli(['import', 'in'], { cwd })).stdout).toContain('5 unchanged');
  });

  it('delete only when they are told to', async () => {
    await write(sample);
    await cli(['import', 'in'], { cwd });
    await rm(join(cwd, 'in/flows/other'), { recursive: true });
    await write({ 'in/files/company.team/scripts/run.sh': 'echo changed\n' });
    const kept = await cli(['import', 'in', '--json'], { cwd });
    expect(JSON.parse(kept.stdout)).toEqual({
      dryRun: false,
      summary: { added: 0, updated: 1, deleted: 0, unchanged: 3 },
      changes: [
        {
          state: 'UPDATED',
          path: 'files/company.team/scripts/run.sh',
          key: { kind: 'file', namespace: 'company.team', id: 'scripts/run.sh' },
        },
      ],
    });
    const deleted = await cli(['import', 'in', '--delete'], { cwd });
    expect(deleted.stdout).toBe('  - flows/other/b.yml\n0 added, 0 updated, 1 deleted, 4 unchanged\n');
  });

  it('refuse to empty a storage from an empty directory', async () => {
    await write(sample);
    await cli(['import', 'in'], { cwd });
    await mkdir(join(cwd, 'nothing'));
    const { code, stderr } = await cli(['import', 'nothing', '--delete'], { cwd });
    expect(code).toBe(1);
    expect(stderr).toContain('error EMPTY_SOURCE');
    expect((await cli(['import', 'nowhere'], { cwd })).stderr).toContain('error DIRECTORY_NOT_FOUND');
  });

  it('import nothing when one flow is invalid, stands in the wrong place, or stands there twice', async () => {
    const storage = createMemoryStorage();
    const options = { directory: join(cwd, 'in'), delete: false, dryRun: false };
    await write({
      ...sample,
      'in/flows/company.team/broken.yml': 'id: broken\nnamespace: company.team\ntasks: []\n',
      'in/flows/company.team/moved.yml': flowSource('elsewhere', 'moved'),
    });
    const failure = importDirectory(storage, options);
    await expect(failure).rejects.toMatchObject({ code: 'INVALID_FLOW' });
    await expect(failure).rejects.toThrow('flows/company.team/broken.yml:3:8: tasks: ');
    await expect(failure).rejects.toThrow(
      'flows/company.team/moved.yml:1:1: the flow is of namespace elsewhere, but stands in the folder of company.team',
    );
    await rm(join(cwd, 'in/flows/company.team/broken.yml'));
    await write({ 'in/flows/company.team/moved.yml': flowSource('company.team', 'a') });
    await expect(importDirectory(storage, options)).rejects.toMatchObject({ code: 'DUPLICATE_FLOW' });
    expect(await contents(storage)).toEqual({});
  });

  it('follow no symbolic link, in either direction', async () => {
    await write({ ...sample, secret: 'outside' });
    await cli(['import', 'in'], { cwd });
    await symlink(join(cwd, 'secret'), join(cwd, 'in/files/company.team/link'));
    const read = await cli(['import', 'in'], { cwd });
    expect(read.code).toBe(1);
    expect(read.stderr).toContain('error UNSAFE_PATH: files/company.team/link');
    await mkdir(join(cwd, 'out/files'), { recursive: true });
    await mkdir(join(cwd, 'elsewhere'));
    await symlink(join(cwd, 'elsewhere'), join(cwd, 'out/files/company.team'));
    const written = await cli(['export', 'out'], { cwd });
    expect(written.code).toBe(1);
    expect(written.stderr).toContain('error UNSAFE_PATH: files/company.team is in the way');
    expect(await tree('elsewhere')).toEqual({});
    expect(await readdir(join(cwd, 'out'))).toEqual(['files']);
  });
});
