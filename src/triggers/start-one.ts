import type { StartedRun, StartRequest, StartRuns } from './types.js';

/** Starts one run with what starts many. */
export async function startOne(startRuns: StartRuns, request: StartRequest): Promise<StartedRun> {
  const [started] = await startRuns([request]);
  if (started === undefined) throw new Error('startRuns answers every request');
  return started;
}
