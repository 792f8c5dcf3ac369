import nodeFs, { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Disk } from '../../src/storage/directory/disk.js';
import { acquireLock } from '../../src/storage/directory/lock.js';
import { currentProcess } from '../../src/storage/directory/process-identity.js';
import { openDirectoryStorage } from '../../src/storage/index.js';
import { apply, everyFlow, flow, put, state, textAt } from '../../src/testing/storage-contract/case.js';
import { ended, startFixture } from './child.js';
import { compileFixtures } from './compiled-fixtures.js';
import { temporaryDirectory } from './temporary-directory.js';

const fixtures = compileFixtures();
let disk: Disk;
const lockPath = (name: string): string => join(disk.root, '.flowgit/locks', name);

beforeEach(() => {
  const root = join(temporaryDirectory(), 'data');
  disk = { fs: nodeFs, root, location: `file:${root}` };
});

function leaveLock(holder: object, renewed = new Date()): void {
  mkdirSync(lockPath('.'), { recursive: true });
  writeFileSync(lockPath('7'), JSON.stringify({ ...currentProcess(), ...holder }));
  utimesSync(lockPath('7'), renewed, renewed);
}

describe('the lock of a directory', () => {
  it('keeps a second writer waiting, and names the holder when the wait is over', async () => {
    const held = await acquireLock(disk, { timeoutMs: 0 });
    const storage = await openDirectoryStorage(disk.root, { lockTimeoutMs: 20 });
    const failure = apply(storage, put(flow('company.team', 'a'), 'A'));
    await expect(failure).rejects.toMatchObject({
      code: 'STORAGE_LOCKED',
      retryable: true,
      message: expect.stringContaining(`process ${process.pid}`),
      data: { pid: process.pid },
    });
    held.release();
    await apply(storage, put(flow('company.team', 'a'), 'A'));
    expect(readdirSync(lockPath('.'))).toHaveLength(1);
  });

  it('does not keep readers waiting', async () => {
    const storage = await openDirectoryStorage(disk.root, { lockTimeoutMs: 0 });
    await apply(storage, put(flow('company.team', 'a'), 'A'));
    const held = await acquireLock(disk, { timeoutMs: 0 });
    writeFileSync(join(disk.root, 'flows/company.team/a.yml'), 'A2');
    expect(await storage.list(everyFlow)).toMatchObject([{ revision: 2 }]);
    expect(await textAt(storage, flow('company.team', 'a'))).toBe('A2');
    held.release();
    const next = await openDirectoryStorage(disk.root);
    expect(await next.list(everyFlow)).toMatchObject([{ revision: 2 }]);
  });

  it('ends waiting when the call is cancelled', async () => {
    const held = await acquireLock(disk, { timeoutMs: 0 });
    const storage = await openDirectoryStorage(disk.root);
    const controller = new AbortController();
    const waiting = storage.apply({ changes: [put(state('a'), 'A')] }, { signal: controller.signal });
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' });
    held.release();
  });

  it('is taken over from a process that is dead', async () => {
    const child = startFixture(fixtures, 'append-entries', disk.root, 'x', '0');
    await ended(child);
    leaveLock({ pid: child.pid });
    (await acquireLock(disk, { timeoutMs: 0 })).release();
    expect(readdirSync(lockPath('.'))).toEqual(['8']);
  });

  it.skipIf(currentProcess().startedAt === null)(
    'is taken over when the number is now another process',
    async () => {
      leaveLock({ startedAt: 'an earlier boot 1' });
      (await acquireLock(disk, { timeoutMs: 0 })).release();
    },
  );

  it('is left to a process of another host while that renews it, and taken over when it stands still', async () => {
    leaveLock({ host: 'elsewhere', pid: 1 });
    await expect(acquireLock(disk, { timeoutMs: 0 })).rejects.toMatchObject({
      code: 'STORAGE_LOCKED',
      message: expect.stringContaining('elsewhere'),
    });
    leaveLock({ host: 'elsewhere', pid: 1 }, new Date(Date.now() - 120_000));
    (await acquireLock(disk, { timeoutMs: 0 })).release();
  });

  it('is free again after it was released, whoever looks', async () => {
    for (let turn = 0; turn < 5; turn += 1) (await acquireLock(disk, { timeoutMs: 0 })).release();
    expect(readdirSync(lockPath('.'))).toEqual(['5']);
    expect(readFileSync(lockPath('5'), 'latin1')).toMatch(/^-/);
  });
});

describe('several processes writing to one directory', () => {
  it('lose nothing of each other', async () => {
    const [writers, times] = [4, 12];
    const children = Array.from({ length: writers }, (_, at) =>
      ended(startFixture(fixtures, 'append-entries', disk.root, `writer-${at}`, String(times))),
    );
    for (const { code, stderr } of await Promise.all(children))
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const storage = await openDirectoryStorage(disk.root);
    const lines = ((await textAt(storage, state('shared'))) ?? '').trim().split('\n');
    const expected = Array.from(
      { length: writers * times },
      (_, at) => `writer-${at % writers}-${Math.floor(at / writers)}`,
    );
    expect([...lines].sort()).toEqual([...expected].sort());
    expect((await storage.list(everyFlow)).map(({ key }) => key.id)).toEqual([...expected].sort());
    const [shared] = await storage.read([state('shared')]);
    expect(shared?.revision).toBe(writers * times);
  });

  it('show a reader whole batches only', async () => {
    const child = startFixture(fixtures, 'write-rounds', disk.root);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    const storage = await openDirectoryStorage(disk.root);
    for (let look = 0; look < 20; look += 1) {
      const entries = await storage.list(everyFlow);
      const contents = await storage.read(entries.map(({ key }) => key));
      const rounds = new Set(
        contents.flatMap(
          (stored) => /round (\d+)/.exec(Buffer.from(stored?.content ?? '').toString())?.[1] ?? [],
        ),
      );
      expect([...rounds].length).toBeLessThanOrEqual(1);
    }
    child.kill('SIGKILL');
    await ended(child);
  });
});
