import type { Colors } from 'picocolors/types.js';
import type { Drift } from '../../src/plan/drift.js';
import type { RunRecord } from '../../src/plan/run-records.js';
import type { SyncIdentity } from '../../src/plan/sync-state.js';
import type { GitStatus, SyncStatus } from '../../src/runtime/syncs/sync-status.js';
import { plainLine } from '../terminal/plain-text.js';
import { formatSummary } from '../terminal/plan-table.js';

/** One sync or push for people: which it is, its last run, and what changed on either side since. */
export function formatStatus(
  status: SyncStatus,
  { colors, verbose }: { colors: Colors; verbose: boolean },
): string {
  const { sync, lastRun, storage, git } = status;
  const lines = [
    colors.bold(formatSync(sync)),
    `  id       ${status.id}`,
    `  last     ${lastRun === null ? 'no run is recorded' : formatRun(lastRun, colors)}`,
    ...(status.commit === null || lastRun?.outcome !== 'FAILED'
      ? []
      : [`  before   ${status.lastSuccess ?? 'unknown'} at ${status.commit.slice(0, 10)}`]),
    ...side('reads', formatReads(status)),
    ...side(
      'record',
      status.reads === null ? 'none: no run succeeded, or other syncs took all it had brought' : null,
    ),
    ...side('storage', storage === null ? null : formatDrift(storage, colors)),
    ...(verbose && storage !== null ? names(storage, colors) : []),
    ...side('git', git === null ? null : formatGit(git, status, colors)),
    ...(verbose && git !== null && 'drift' in git ? names(git.drift, colors) : []),
  ];
  return `${lines.join('\n')}\n`;
}

/** `2026-11-21T04:22:01.000Z SUCCESS at 1755cbba31: 3 added, …`. */
export function formatRun(run: RunRecord, colors: Colors): string {
  const { at, since, count, outcome, commit, summary, error } = run;
  const times = count === 1 || since === undefined ? '' : ` (${count} times since ${since})`;
  const where = commit === null ? '' : ` at ${commit.slice(0, 10)}`;
  if (error !== null)
    return `${at} ${colors.red(outcome)}${times}: ${error.code} ${plainLine(error.message)}`;
  const what = summary === null ? '' : `: ${formatSummary(summary)}`;
  return `${at} ${colors.green(outcome)}${where}${times}${what}`;
}

/** `SYNC flows: https://… main _flows → company.team and below`. */
export function formatSync(sync: SyncIdentity): string {
  const { direction, kind, url, revision, directory, namespace, gitNamespace, children } = sync;
  const git = `${url} ${revision} ${directory || '.'}`;
  const as = gitNamespace === namespace ? '' : ` as ${gitNamespace}`;
  const storage = `${namespace}${children ? ' and below' : ''}`;
  const way = direction === 'SYNC' ? `${git} → ${storage}` : `${storage} → ${git}${as}`;
  return plainLine(`${direction} ${kind}s: ${way}`);
}

function side(name: string, text: string | null): string[] {
  return text === null ? [] : [`  ${name.padEnd(8)} ${text}`];
}

/** What takes the place of the branch that the first line names. */
function formatReads({ reads }: SyncStatus): string | null {
  const { tag, semver, commit } = reads ?? {};
  if (tag !== undefined) return plainLine(`tag ${tag}`);
  if (semver !== undefined) return plainLine(`the newest tag in ${semver}`);
  return commit === undefined ? null : plainLine(`commit ${commit}`);
}

function formatGit(git: GitStatus, { commit, sync }: SyncStatus, colors: Colors): string {
  if ('error' in git) return colors.yellow(`not known: ${git.error.code} ${plainLine(git.error.message)}`);
  const moved = git.commit === commit ? '' : ` at ${git.commit.slice(0, 10)}`;
  const { branchCommit } = git;
  const ahead =
    branchCommit === undefined || branchCommit === git.commit
      ? ''
      : colors.yellow(`; ${plainLine(sync.revision)} is at ${branchCommit.slice(0, 10)}`);
  return `${formatDrift(git.drift, colors)}${moved}${ahead}`;
}

function formatDrift({ changed, added, deleted }: Drift, colors: Colors): string {
  const parts = [
    ...(changed.length > 0 ? [`${changed.length} changed`] : []),
    ...(added.length > 0 ? [`${added.length} added`] : []),
    ...(deleted.length > 0 ? [`${deleted.length} deleted`] : []),
  ];
  return parts.length === 0 ? 'as the last run left it' : colors.yellow(`${parts.join(', ')} since`);
}

function names({ changed, added, deleted }: Drift, colors: Colors): string[] {
  return [
    ...changed.map((name) => colors.yellow(`             ~ ${plainLine(name)}`)),
    ...added.map((name) => colors.green(`             + ${plainLine(name)}`)),
    ...deleted.map((name) => colors.red(`             - ${plainLine(name)}`)),
  ];
}
