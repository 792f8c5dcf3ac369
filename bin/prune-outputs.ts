import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Whose output files stay. */
export interface KeptOutputs {
  /** So many executions, the newest. */
  executions: number;
  /** And those of the last while: a run that is still going, or whose files are just being read, loses nothing. */
  ms: number;
}

const defaults: KeptOutputs = { executions: 100, ms: 60 * 60 * 1000 };

const executionId = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Removes the output files of all but the newest executions, so that a flow which runs every minute does not fill the
 * disk. What no execution made stays.
 */
export async function pruneOutputs(
  root: string,
  now: number = Date.now(),
  kept: KeptOutputs = defaults,
): Promise<void> {
  const names = (await readdir(root).catch(() => [])).filter((name) => executionId.test(name));
  if (names.length <= kept.executions) return;
  const dated = await Promise.all(
    names.map(async (name) => ({ name, time: await timeOf(join(root, name)) })),
  );
  dated.sort((a, b) => b.time - a.time);
  for (const { name, time } of dated.slice(kept.executions)) {
    if (now - time > kept.ms) await rm(join(root, name), { recursive: true, force: true });
  }
}

/** Another process may be pruning too: what is gone counts as new, and is left to it. */
async function timeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.mtimeMs ?? Number.POSITIVE_INFINITY;
}
