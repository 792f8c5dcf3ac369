import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRunContext } from '../../src/runtime/create-context.js';
import { openDirectoryStorage } from '../../src/storage/index.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import type { StorageAdapter } from '../../src/storage/types.js';
import { SyncFlows } from '../../tasks/sync-flows.js';
import { failingFs } from '../storage/failing-fs.js';
import { unflushedFs } from '../storage/fixtures/unflushed-fs.js';
import { failingMemory } from './failing-memory.js';
import { everythingIn, type TwoCommits, twoCommits } from './world.js';

/** What came of failing each write of a sync in turn. */
export interface FaultCounts {
  /** Writes that a whole sync makes: so many syncs were run, each with another one failing. */
  writes: number;
  /** Syncs after which storage was as before. */
  old: number;
  /** Syncs after which it was as they wanted it: what failed was not needed any more. */
  new: number;
}

/** A storage as a sync of the first commit left it, as often as it is asked for, whose n-th write fails. */
interface Bench {
  open(failing: number | null): Promise<{ storage: StorageAdapter; writes(): number }>;
  /** The same storage with nothing failing, after what failed. */
  reopen(storage: StorageAdapter): Promise<StorageAdapter>;
}

/**
 * Fails every single write of a sync in turn, and looks at what is left, byte for byte.
 * @throws Error when it is neither the old state nor the new one, or the next sync does not get to the new one
 */
export async function failEachWrite(flows: number): Promise<Record<string, FaultCounts>> {
  const world = await twoCommits(flows);
  try {
    return {
      'memory:': await failEach(world, memoryBench(world)),
      'file: (one call fails)': await failEach(world, await fileBench(world, 'one', false)),
      'file: (every call from then on fails)': await failEach(world, await fileBench(world, 'all', true)),
    };
  } finally {
    await world.close();
  }
}

async function failEach(world: TwoCommits, bench: Bench): Promise<FaultCounts> {
  const start = await bench.open(null);
  const before = await everythingIn(start.storage);
  await sync(world, start.storage, world.second);
  const after = await everythingIn(start.storage);
  const settled = await everythingIn(start.storage, { plainStates: true });
  const counts: FaultCounts = { writes: 0, old: 0, new: 0 };
  for (let at = 1; ; at++) {
    const { storage, writes } = await bench.open(at);
    const failure = await sync(world, storage, world.second).then(
      () => null,
      (error: unknown) => error,
    );
    if (writes() < at) return counts;
    counts.writes = at;
    const whole = await bench.reopen(storage);
    const state = await everythingIn(whole);
    if (state !== before && state !== after)
      throw new Error(`Write ${at}: neither the old state nor the new.`);
    if (failure === null && state !== after) throw new Error(`Write ${at}: said to be done, and is not.`);
    counts[state === before ? 'old' : 'new']++;
    await sync(world, whole, world.second);
    if ((await everythingIn(whole, { plainStates: true })) !== settled) {
      throw new Error(`Write ${at}: the next sync does not converge.`);
    }
    await whole.close?.();
  }
}

function sync(world: TwoCommits, storage: StorageAdapter, commit: string) {
  const context = createRunContext({ storage, git: world.context.git });
  return new SyncFlows({ url: world.url, commit, targetNamespace: 'company.team', delete: true }).run(
    context,
  );
}

function memoryBench(world: TwoCommits): Bench {
  return {
    async open(failing) {
      const storage = createMemoryStorage();
      await sync(world, storage, world.first);
      return failingMemory(storage, failing);
    },
    reopen: async (storage) => failingMemory(storage, null).storage,
  };
}

async function fileBench(world: TwoCommits, name: string, forever: boolean): Promise<Bench> {
  const start = join(world.directory, `start-${name}`);
  const first = await openDirectoryStorage(start, { fs: unflushedFs });
  await sync(world, first, world.first);
  await first.close?.();
  const directory = join(world.directory, `data-${name}`);
  return {
    async open(failing) {
      rmSync(directory, { recursive: true, force: true });
      cpSync(start, directory, { recursive: true });
      const { fs, calls } = failingFs({
        at: failing ?? 0,
        code: forever ? 'EIO' : 'ENOSPC',
        forever: forever && failing !== null,
      });
      return { storage: await openDirectoryStorage(directory, { fs }), writes: calls };
    },
    async reopen() {
      if (forever) releaseLocks(directory);
      return openDirectoryStorage(directory, { fs: unflushedFs });
    },
  };
}

/** The process that holds them counts as dead, which the locks cannot tell while this one runs. */
function releaseLocks(directory: string): void {
  const locks = join(directory, '.flowgit/locks');
  for (const name of readdirSync(locks)) writeFileSync(join(locks, name), '-');
}
