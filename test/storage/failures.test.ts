import { cpSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDirectoryStorage, type StorageAdapter } from '../../src/storage/index.js';
import { apply, flow, put } from '../../src/testing/storage-contract/case.js';
import { failingFs } from './failing-fs.js';
import { changesTo } from './fixtures/rounds.js';
import { unflushedFs } from './fixtures/unflushed-fs.js';
import { temporaryDirectory } from './temporary-directory.js';
import { expectWholeRound } from './whole-round.js';

/** Rounds 1 and 2 with few enough flows that every single call can fail in turn. */
const few = (round: number) =>
  changesTo(round).filter(({ key }) => key.kind !== 'flow' || /-[0-5]$/.test(key.id));

const openUnflushed = (directory: string): Promise<StorageAdapter> =>
  openDirectoryStorage(directory, { fs: unflushedFs });

async function stateOf(directory: string): Promise<string> {
  const storage = await openUnflushed(directory);
  const parts: unknown[] = [];
  for (const kind of ['flow', 'file', 'state'] as const) {
    const entries = await storage.list({ kind, namespace: '', children: true });
    const contents = await storage.read(entries.map(({ key }) => key));
    parts.push(
      contents.map((stored) => stored && { ...stored, content: Buffer.from(stored.content).toString() }),
    );
  }
  return JSON.stringify(parts);
}

/** Prepared storages after one batch and after the next, to copy and to compare with. */
async function twoStates(): Promise<{ start: string; before: string; after: string }> {
  const start = join(temporaryDirectory(), 'start');
  await (await openUnflushed(start)).apply({ changes: few(1) });
  const before = await stateOf(start);
  const end = join(temporaryDirectory(), 'end');
  cpSync(start, end, { recursive: true });
  await (await openUnflushed(end)).apply({ changes: few(2) });
  return { start, before, after: await stateOf(end) };
}

async function eachFailure(
  options: { code: string; forever?: boolean },
  check: (outcome: { at: number; failure: unknown; directory: string }) => Promise<void>,
  start: string,
): Promise<number> {
  for (let at = 1; ; at += 1) {
    const directory = join(temporaryDirectory(), 'data');
    cpSync(start, directory, { recursive: true });
    const failing = failingFs({ ...options, at });
    const storage = await openDirectoryStorage(directory, { fs: failing.fs });
    const failure: unknown = await storage.apply({ changes: few(2) }).then(
      () => null,
      (error: unknown) => error,
    );
    if (failing.calls() < at) return at - 1;
    await check({ at, failure, directory });
  }
}

describe('a directory when the disk fails', () => {
  it('is as before when any one call fails and the batch is refused, and takes the batch again', async () => {
    const { start, before, after } = await twoStates();
    const failures = await eachFailure(
      { code: 'ENOSPC' },
      async ({ at, failure, directory }) => {
        if (failure !== null) {
          expect(failure, `call ${at}`).toMatchObject({ code: 'STORAGE_ERROR', data: { code: 'ENOSPC' } });
          expect(failure, `call ${at}`).toHaveProperty('hint', expect.stringContaining('space'));
          expect(await stateOf(directory), `call ${at}`).toBe(before);
          await (await openUnflushed(directory)).apply({ changes: few(2) });
        }
        expect(await stateOf(directory), `call ${at}`).toBe(after);
      },
      start,
    );
    expect(failures).toBeGreaterThan(40);
  });

  it('is the old batch or the new one when the process dies at any call, and takes the next', async () => {
    const { start, before, after } = await twoStates();
    const seen = new Set<string>();
    await eachFailure(
      { code: 'EIO', forever: true },
      async ({ at, directory }) => {
        // The process is dead, which its lock cannot tell while this one runs.
        for (const name of readdirSync(join(directory, '.flowgit/locks'))) {
          await releaseLock(join(directory, '.flowgit/locks', name));
        }
        const state = await stateOf(directory);
        expect([before, after], `call ${at}`).toContain(state);
        seen.add(state);
        if (state === before) await (await openUnflushed(directory)).apply({ changes: few(2) });
        expect(await stateOf(directory), `call ${at}`).toBe(after);
        const left = readdirSync(join(directory, '.flowgit/journal'));
        expect(left.filter((name) => /\.(log|undo|tmp)$/.test(name))).toEqual([]);
      },
      start,
    );
    expect(seen.size).toBe(2);
  });

  it('says what to do about a permission, and creates nothing', async () => {
    const directory = join(temporaryDirectory(), 'data');
    const { fs } = failingFs({ at: 1, code: 'EACCES' });
    const storage = await openDirectoryStorage(directory, { fs });
    const failure = apply(storage, put(flow('company.team', 'a'), 'A'));
    await expect(failure).rejects.toMatchObject({
      code: 'STORAGE_ERROR',
      hint: expect.stringContaining('permission'),
      message: expect.stringContaining(directory),
    });
    expect(existsSync(directory)).toBe(false);
  });

  it('lists a directory it cannot write to, revisions of hand edits included', async () => {
    const directory = join(temporaryDirectory(), 'data');
    await (await openUnflushed(directory)).apply({ changes: changesTo(1) });
    const { fs } = failingFs({ at: 1, code: 'EROFS', forever: false });
    const readOnly = new Proxy(fs, {
      get: (target, name) =>
        name === 'mkdirSync' || name === 'renameSync'
          ? () => {
              throw Object.assign(new Error('EROFS: injected'), { code: 'EROFS' });
            }
          : Reflect.get(target, name),
    });
    const storage = await openDirectoryStorage(directory, { fs: readOnly });
    expect(await storage.list({ kind: 'flow', namespace: '', children: true })).toHaveLength(160);
    await expect(storage.apply({ changes: changesTo(2) })).rejects.toMatchObject({ code: 'STORAGE_ERROR' });
    expect(await expectWholeRound(directory)).toBe(1);
  });
});

async function releaseLock(path: string): Promise<void> {
  const { writeFile } = await import('node:fs/promises');
  await writeFile(path, '-');
}
