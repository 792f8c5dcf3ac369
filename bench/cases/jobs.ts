import type { OursRun } from '../contest.js';
import type { IsomorphicJob } from '../programs/jobs.js';

/** A measurement of a job that was not done is worth nothing. */
export function expectWritten(run: OursRun, written: number): OursRun {
  if (run.report.written === written) return run;
  throw new Error(`flowgit wrote ${run.report.written} instead of ${written}.`);
}

/** A shallow clone of one branch into a memfs. */
export function plainClone(url: string): IsomorphicJob {
  return { kind: 'clone', url, directory: null, depth: 1, only: null, set: null, changed: 0 };
}
