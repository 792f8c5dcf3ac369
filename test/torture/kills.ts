import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRunContext } from '../../src/runtime/create-context.js';
import { createMemoryStorage, openStorage } from '../../src/storage/index.js';
import type { StorageAdapter } from '../../src/storage/types.js';
import { SyncFlows } from '../../tasks/sync-flows.js';
import { everythingIn, type TwoCommits, twoCommits } from './world.js';

/** In which state storage was found after a kill. Storage in memory is always empty: it went with the process. */
export interface KillCounts {
  kills: number;
  empty: number;
  old: number;
  new: number;
}

const program = fileURLToPath(new URL('./sync-in-turns.ts', import.meta.url));
/** Enough for a state in pages. */
const flows = 250;
/** As long as some syncs take, also on a busy machine; the kill comes at a random moment of it. */
const withinMs = 1000;
const reading = { revisions: false, plainStates: true };

/**
 * Kills (-9) processes that sync, at random moments, and looks each time at what they leave, byte for byte, sync state
 * included; all of them share a mirror.
 * @throws Error when that is neither the old state nor the new one, or the next sync does not get to the new one
 */
export async function strikeSyncs(kills: number): Promise<Record<string, KillCounts>> {
  const world = await twoCommits(flows);
  try {
    const states = await expectedStates(world);
    const disk = `file:${join(world.directory, 'storage')}`;
    return {
      'file:': await strike(world, disk, states, kills),
      'memory:': await strike(world, 'memory:', states, Math.ceil(kills / 10)),
    };
  } finally {
    await world.close();
  }
}

type State = 'empty' | 'old' | 'new';

async function expectedStates(world: TwoCommits): Promise<Map<string, State>> {
  const storage = createMemoryStorage();
  const states = new Map<string, State>([[await everythingIn(storage, reading), 'empty']]);
  await sync(world, storage, world.first);
  states.set(await everythingIn(storage, reading), 'old');
  await sync(world, storage, world.second);
  return states.set(await everythingIn(storage, reading), 'new');
}

async function strike(
  world: TwoCommits,
  location: string,
  states: ReadonlyMap<string, State>,
  kills: number,
): Promise<KillCounts> {
  const counts: KillCounts = { kills: 0, empty: 0, old: 0, new: 0 };
  while (counts.kills < kills) {
    await killOne(world, location);
    counts.kills++;
    const storage = await openStorage(location);
    const state = states.get(await everythingIn(storage, reading));
    if (state === undefined) throw new Error(`Kill ${counts.kills}: neither the old state nor the new one.`);
    counts[state]++;
    await sync(world, storage, world.second);
    if (states.get(await everythingIn(storage, reading)) !== 'new') {
      throw new Error(`Kill ${counts.kills}: the next sync does not converge.`);
    }
    await storage.close?.();
  }
  return counts;
}

async function killOne(world: TwoCommits, location: string): Promise<void> {
  const args = [program, world.url, location, cacheOf(world), world.first, world.second];
  const child = spawn(process.execPath, ['--import', 'tsx', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  const ready = new Promise((resolve) => child.stdout.once('data', resolve));
  if ((await Promise.race([ready, closed])) === null) throw new Error('The process ended by itself.');
  await new Promise((resolve) => setTimeout(resolve, Math.random() * withinMs));
  if (!child.kill('SIGKILL')) throw new Error('The process ended by itself.');
  await closed;
}

function sync(world: TwoCommits, storage: StorageAdapter, commit: string) {
  const context = createRunContext({ storage, network: { cacheDir: cacheOf(world) } });
  return new SyncFlows({ url: world.url, commit, targetNamespace: 'company.team', delete: true }).run(
    context,
  );
}

function cacheOf({ directory }: TwoCommits): string {
  return join(directory, 'cache');
}
