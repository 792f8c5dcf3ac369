import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** How many executions keep their output files. */
const keptExecutions = 100;
/** A run that is still going, or whose files are just being read, loses nothing. */
const keptMs = 60 * 60 * 1000;

const executionId = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Removes the output files of all but the newest executions, so that a flow which runs every minute does not fill the
 * disk. What no execution made stays.
 */
export async function pruneOutputs(root: string, now: number = Date.now()): Promise<void> {
  const names = (await readdir(root).catch(() => [])).filter((name) => executionId.test(name));
  if (names.length <= keptExecutions) return;
  const dated = await Promise.all(
    names.map(async (name) => ({ name, time: await timeOf(join(root, name)) })),
  );
  dated.sort((a, b) => b.time - a.time);
  for (const { name, time } of dated.slice(keptExecutions)) {
    if (now - time > keptMs) await rm(join(root, name), { recursive: true, force: true });
  }
}

/** Another process may be pruning too: what is gone counts as new, and is left to it. */
async function timeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.mtimeMs ?? Number.POSITIVE_INFINITY;
}
