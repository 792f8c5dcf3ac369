import type { FileSet } from './contents.js';

/** What the program under test is asked to do: the first argument of `ours.ts` as JSON. */
export type OursJob = SyncJob | PushJob | CloneJob;

export interface SyncJob {
  kind: 'sync-files' | 'sync-flows';
  url: string;
  gitDirectory: string;
  storage: string;
  cacheDir: string;
}

export interface PushJob {
  kind: 'push-files';
  url: string;
  storage: string;
  cacheDir: string;
  set: FileSet;
  /** Files of the set that storage holds in another revision than the repository's. */
  changed: number;
}

export interface CloneJob {
  kind: 'clone';
  url: string;
  directory: string;
  depth: number;
  cacheDir: string;
}

/** How isomorphic-git is asked for the same. `directory: null` is a memfs. */
export interface IsomorphicJob {
  kind: 'clone' | 'pull' | 'list-refs' | 'push';
  url: string;
  directory: string | null;
  depth: number;
  /** Directory to check out alone. */
  only: string | null;
  set: FileSet | null;
  changed: number;
}

/** What a program tells of itself when it is done. */
export interface ProgramReport {
  /** The job alone, without the start of the process. */
  jobMs: number;
  /** Preparations that are not part of the job, such as filling a storage that lies in memory. */
  setupMs: number;
  /** Resources that were written, files of a clone: the parent checks that the job was done. */
  written: number;
  /** User and system time of this job, and in a whole process of its start too; without the preparations. */
  cpuMs: number;
  peakRssMb: number;
}
