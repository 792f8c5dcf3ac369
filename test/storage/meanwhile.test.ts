import nodeFs, { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type DirectoryFs, openDirectoryStorage } from '../../src/storage/index.js';
import { apply, everyFlow, flow, idsOf, put, remove } from '../../src/testing/storage-contract/case.js';
import { temporaryDirectory } from './temporary-directory.js';

let directory: string;
const at = (id: string): string => join(directory, `flows/company.team/${id}.yml`);

const a = flow('company.team', 'a');
const b = flow('company.team', 'b');
const c = flow('company.team', 'c');

/** The file system, with someone at work right after a batch was committed to the journal. */
function interrupted(work: () => void): DirectoryFs {
  return new Proxy(nodeFs, {
    get(target, name: keyof typeof nodeFs) {
      if (name !== 'renameSync') return target[name];
      return (from: string, to: string): void => {
        target.renameSync(from, to);
        if (to.endsWith('.log')) work();
      };
    },
  });
}

beforeEach(async () => {
  directory = join(temporaryDirectory(), 'data');
  await apply(await openDirectoryStorage(directory), put(a, 'A'), put(b, 'B'));
});

describe('someone who edits a directory while a batch lands', () => {
  it.each([
    ['adds a file the batch adds', () => writeFileSync(at('c'), 'by hand'), c, 'by hand'],
    ['edits a file the batch changes', () => writeFileSync(at('b'), 'by hand'), b, 'by hand'],
  ])('wins when he %s: the whole batch is taken back', async (_title, work, key, content) => {
    const storage = await openDirectoryStorage(directory, { fs: interrupted(work) });
    const batch = apply(storage, put(a, 'A2', 'A'), put(b, 'B2', 'B'), put(c, 'C'));
    await expect(batch).rejects.toMatchObject({ code: 'STORAGE_CONFLICT', data: { keys: [key] } });
    expect(readFileSync(at(key.id), 'utf8')).toBe(content);
    expect(readFileSync(at('a'), 'utf8')).toBe('A');
    expect(existsSync(at('c'))).toBe(key === c);
    expect(readdirSync(join(directory, '.flowgit/journal')).filter((name) => name !== 'placing')).toEqual([]);
    const next = await openDirectoryStorage(directory);
    expect(await next.list(everyFlow)).toMatchObject(
      key === c ? [{ revision: 1 }, { revision: 1 }, { revision: 1 }] : [{ revision: 1 }, { revision: 2 }],
    );
  });

  it('wins when he edits a file the batch deletes', async () => {
    const fs = interrupted(() => writeFileSync(at('a'), 'by hand'));
    const storage = await openDirectoryStorage(directory, { fs });
    await expect(apply(storage, remove(b, 'B'), remove(a, 'A'))).rejects.toMatchObject({
      code: 'STORAGE_CONFLICT',
    });
    expect(readFileSync(at('a'), 'utf8')).toBe('by hand');
    expect(idsOf(await storage.list(everyFlow))).toEqual(['company.team/a', 'company.team/b']);
  });
});

describe('a file that is written without a pause', () => {
  it('is named instead of being read for ever', async () => {
    const fs = new Proxy(nodeFs, {
      get(target, name: keyof typeof nodeFs) {
        if (name !== 'readSync') return target[name];
        return (...args: Parameters<typeof nodeFs.readSync>): number => {
          const read = target.readSync(...args);
          if (existsSync(at('busy'))) appendFileSync(at('busy'), '.');
          return read;
        };
      },
    });
    writeFileSync(at('busy'), '.');
    const storage = await openDirectoryStorage(directory, { fs });
    await expect(storage.read([flow('company.team', 'busy')])).rejects.toMatchObject({
      code: 'STORAGE_ERROR',
      message: expect.stringContaining('busy.yml'),
    });
  });
});
