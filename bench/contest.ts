import type { ProgramReport } from './programs/jobs.js';
import type { Traffic } from './server.js';

/** What one case compares. Every function does one run, prepares and clears away what it needs untimed. */
export interface Contest {
  /** Runs before the measured ones. */
  warmUps: number;
  /** Puts the repository where all three find it; `round` counts from 1, warm-ups included. */
  beforeRound?(round: number): Promise<void>;
  ours(): Promise<OursRun>;
  /** Milliseconds; null where git has nothing to compare. */
  git: (() => Promise<number>) | null;
  isomorphicGit: (() => Promise<number>) | null;
  /** Facts to check and tell beside the numbers, asked for once after the runs. */
  facts?(): Promise<Fact[]>;
  close?(): Promise<void>;
}

export interface OursRun extends Traffic {
  ms: number;
  report: ProgramReport;
}

export interface Fact {
  text: string;
  holds: boolean;
}

/** A case as the issue that asks for it names it. */
export interface BenchCase {
  name: string;
  /** What it may take at most. */
  target: Target | null;
  /** Only with `--all`. */
  heavy?: boolean;
  /** Another case shows the same with `--quick`. */
  likeAnother?: boolean;
  open(): Promise<Contest>;
}

/** Upper bounds: of the time as a share of git's, of the time itself, of memory, of requests. */
export interface Target {
  ratioToGit?: number;
  ms?: number;
  peakRssMb?: number;
  requests?: number;
}
