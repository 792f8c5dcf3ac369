import { childCpuMs } from './child-cpu.js';
import type { BenchCase, Contest, Fact, OursRun } from './contest.js';

/** Medians of one case. */
export interface CaseResult {
  name: string;
  oursMs: number;
  gitMs: number | null;
  isomorphicGitMs: number | null;
  ratioToGit: number | null;
  requests: number;
  bytesDown: number;
  bytesUp: number;
  peakRssMb: number;
}

export interface CaseMeasurement {
  case: BenchCase;
  result: CaseResult;
  /** User and system time of ours. */
  cpuMs: number;
  /** The same of git's processes; null where the system does not tell. */
  gitCpuMs: number | null;
  /** Measured runs of each. */
  runs: { ours: number; git: number; isomorphicGit: number };
  facts: Fact[];
}

export interface MeasureOptions {
  runs: number;
  skipIsomorphic: boolean;
  onRound?: (round: number, rounds: number) => void;
}

/** isomorphic-git runs again only while it has taken less than this, all its runs together. */
const isomorphicBudgetMs = 15_000;

/** Runs ours, git and isomorphic-git in turn, so that what else the machine does strikes all of them. */
export async function measureCase(benchCase: BenchCase, options: MeasureOptions): Promise<CaseMeasurement> {
  const contest = await benchCase.open();
  try {
    return await measure(benchCase, contest, options);
  } finally {
    await contest.close?.();
  }
}

async function measure(
  benchCase: BenchCase,
  contest: Contest,
  { runs, skipIsomorphic, onRound }: MeasureOptions,
): Promise<CaseMeasurement> {
  const ours: OursRun[] = [];
  const git: number[] = [];
  const gitCpu: number[] = [];
  const isomorphic: number[] = [];
  let isomorphicMs = 0;
  const rounds = contest.warmUps + runs;
  for (let round = 1; round <= rounds; round++) {
    const counts = round > contest.warmUps;
    onRound?.(round, rounds);
    await contest.beforeRound?.(round);
    const run = await contest.ours();
    if (counts) ours.push(run);
    if (contest.git !== null) {
      const cpuBefore = childCpuMs();
      const ms = await contest.git();
      const cpuAfter = childCpuMs();
      if (counts) git.push(ms);
      if (counts && cpuBefore !== null && cpuAfter !== null) gitCpu.push(cpuAfter - cpuBefore);
    }
    if (contest.isomorphicGit !== null && !skipIsomorphic && isomorphicMs < isomorphicBudgetMs) {
      const ms = await contest.isomorphicGit();
      isomorphicMs += ms;
      // One run of the slowest cases has to do, even if it is one that warms up.
      if (counts || isomorphicMs >= isomorphicBudgetMs) isomorphic.push(ms);
    }
  }
  const oursMs = median(ours.map(({ ms }) => ms));
  const gitMs = git.length > 0 ? median(git) : null;
  return {
    case: benchCase,
    result: {
      name: benchCase.name,
      oursMs: round1(oursMs),
      gitMs: gitMs === null ? null : round1(gitMs),
      isomorphicGitMs: isomorphic.length > 0 ? round1(median(isomorphic)) : null,
      ratioToGit: gitMs === null ? null : Math.round((oursMs / gitMs) * 1000) / 1000,
      requests: median(ours.map(({ requests }) => requests)),
      bytesDown: median(ours.map(({ bytesDown }) => bytesDown)),
      bytesUp: median(ours.map(({ bytesUp }) => bytesUp)),
      peakRssMb: round1(Math.max(...ours.map(({ report }) => report.peakRssMb))),
    },
    cpuMs: median(ours.map(({ report }) => report.cpuMs)),
    gitCpuMs: gitCpu.length > 0 ? median(gitCpu) : null,
    runs: { ours: ours.length, git: git.length, isomorphicGit: isomorphic.length },
    facts: (await contest.facts?.()) ?? [],
  };
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = 0, high = low] = sorted.slice(Math.ceil(middle) - 1, Math.floor(middle) + 1);
  return (low + high) / 2;
}

function round1(value: number): number {
  return Math.round(value * 10) / 10;
}
