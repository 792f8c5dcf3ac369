import type { Target } from './contest.js';
import type { CaseMeasurement, CaseResult } from './measure.js';

const columns = [
  'case',
  'ours',
  'cpu',
  'git',
  'git cpu',
  'isomorphic-git',
  'ratio',
  'target',
  'met',
  'requests',
  'down',
  'up',
  'peak RSS',
  'runs',
] as const;

/**
 * A table in Markdown, which reads as well in a terminal; facts about a case stand below it. Where `ratiosHold` is false,
 * no ratio to git is called met or missed.
 */
export function formatTable(measurements: readonly CaseMeasurement[], ratiosHold: boolean): string {
  const rows = [columns, ...measurements.map((measurement) => rowOf(measurement, ratiosHold))];
  const widths = columns.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? `${'-'.repeat(width + 2)}` : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  const [head = columns, ...body] = rows;
  return [line(head), rule, ...body.map(line), '', ...notes(measurements)].join('\n');
}

/** Whether a case keeps to its target and its facts hold; without a target only a fact that does not hold is told. */
export function isMet({ case: { target }, result, facts }: CaseMeasurement): boolean | null {
  if (facts.some(({ holds }) => !holds)) return false;
  return target === null ? null : targetChecks(target, result).every(Boolean);
}

function targetChecks(target: Target, result: CaseResult): boolean[] {
  const within = (value: number | null, most: number | undefined) =>
    most === undefined || (value !== null && value <= most);
  return [
    within(result.ratioToGit, target.ratioToGit),
    within(result.oursMs, target.ms),
    within(result.peakRssMb, target.peakRssMb),
    within(result.requests, target.requests),
  ];
}

function rowOf(measurement: CaseMeasurement, ratiosHold: boolean): string[] {
  const { case: benchCase, result, cpuMs, gitCpuMs, runs } = measurement;
  const met = isMet(measurement);
  return [
    result.name,
    milliseconds(result.oursMs),
    milliseconds(cpuMs),
    milliseconds(result.gitMs),
    milliseconds(gitCpuMs),
    milliseconds(result.isomorphicGitMs),
    result.ratioToGit === null ? '-' : result.ratioToGit.toFixed(2),
    benchCase.target === null ? '-' : formatTarget(benchCase.target),
    !ratiosHold && benchCase.target?.ratioToGit !== undefined ? '?' : met === null ? '-' : met ? 'yes' : 'NO',
    String(result.requests),
    bytes(result.bytesDown),
    bytes(result.bytesUp),
    `${Math.round(result.peakRssMb)} MB`,
    [runs.ours, runs.git, runs.isomorphicGit].join('/'),
  ];
}

function notes(measurements: readonly CaseMeasurement[]): string[] {
  const facts = measurements.flatMap(({ result, facts }) =>
    facts.map(({ text, holds }) => `${result.name}: ${text}: ${holds ? 'yes' : 'NO'}`),
  );
  return [
    ...facts,
    'Medians. "cpu" is user and system time, of ours and of git (10 ms exact); "runs" are those of ours, git and',
    'isomorphic-git, which runs less often where it is slow. "second-run", "changed" and "no-change" are measured in a',
    'process that stays, after two runs to warm up; everything else is whole processes from start to end. Bytes are of',
    'HTTP bodies.',
  ];
}

function formatTarget({ ratioToGit, ms, peakRssMb, requests }: Target): string {
  return [
    ...(ratioToGit === undefined ? [] : [`${ratioToGit}`]),
    ...(ms === undefined ? [] : [`${ms} ms`]),
    ...(peakRssMb === undefined ? [] : [`${peakRssMb} MB`]),
    ...(requests === undefined ? [] : [`${requests} request`]),
  ].join(', ');
}

function milliseconds(value: number | null): string {
  if (value === null) return '-';
  return value < 100 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`;
}

function bytes(value: number): string {
  if (value < 10_000) return `${value} B`;
  return value < 10_000_000 ? `${Math.round(value / 1000)} kB` : `${Math.round(value / 1_000_000)} MB`;
}
