import { parseArgs } from 'node:util';
import { UsageError } from '../bin/usage-error.js';

export interface BenchOptions {
  json: boolean;
  /** Directory that keeps the repositories for the next time; null for a temporary one. */
  keep: string | null;
  runs: number;
  latencyMs: number;
  /** Part of the names of the cases to run. */
  case: string;
  /** Small sizes, one run: shows that everything works, measures nothing. */
  quick: boolean;
  /** The heavy cases too. */
  all: boolean;
  /** Leaves isomorphic-git out. */
  skipIsomorphic: boolean;
  cpuProf: string | null;
  /** Directory of another build to measure. */
  dist: string | null;
  list: boolean;
  help: boolean;
}

export const usage = `Usage: npm run bench -- [OPTIONS]

Measures flowgit, git and isomorphic-git at the same jobs, in turn, against git http-backend on loopback.

  --case NAME        Only cases whose name contains NAME (see --list)
  --runs N           Runs of each; medians are shown. Default: 5
  --latency MS       Delay of every request. Default: 0
  --json             One JSON document on standard output; alone there with: npm run --silent bench -- --json
  --keep DIR         Keep the repositories there, and take those that are there
  --all              The heavy cases too (a pack of 400 MB)
  --quick            Small sizes, one run: a smoke test
  --skip-isomorphic  Without isomorphic-git, which takes most of the time
  --cpu-prof DIR     CPU profiles of flowgit's processes; read one with: npx tsx bench/profile.ts FILE
  --dist DIR         Measure another build of the package
  --list             Names of the cases

Clones and storages are made below TMPDIR. The table says when its file system is too slow for the ratios to mean much.
`;

/** @throws UsageError when an option is unknown or its value is not one. */
export function parseArguments(args: readonly string[]): BenchOptions {
  const values = parseOptions(args);
  return {
    json: values.json,
    keep: values.keep ?? null,
    runs: count('--runs', values.runs ?? (values.quick ? '1' : '5'), 1),
    latencyMs: count('--latency', values.latency, 0),
    case: values.case,
    quick: values.quick,
    all: values.all,
    skipIsomorphic: values['skip-isomorphic'],
    cpuProf: values['cpu-prof'] ?? null,
    dist: values.dist ?? null,
    list: values.list,
    help: values.help,
  };
}

function parseOptions(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        json: { type: 'boolean', default: false },
        keep: { type: 'string' },
        runs: { type: 'string' },
        latency: { type: 'string', default: '0' },
        case: { type: 'string', default: '' },
        quick: { type: 'boolean', default: false },
        all: { type: 'boolean', default: false },
        'skip-isomorphic': { type: 'boolean', default: false },
        'cpu-prof': { type: 'string' },
        dist: { type: 'string' },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}

function count(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least)
    throw new UsageError(`${name} takes a number from ${least}.`);
  return value;
}
