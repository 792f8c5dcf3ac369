import type { ErrorReport } from '../schemas/error-codes.js';
import type { Execution, RunState } from '../schemas/execution.js';
import type { ConflictHunks } from '../schemas/plan.js';
import { isChange } from '../src/plan/make-plan.js';
import { type PlannedTask, rowsUriOf } from './planned-tasks.js';
import { formatError } from './print-error.js';
import type { FlowOutcome } from './run-flow.js';
import type { Session } from './session.js';
import { coloredDiff } from './terminal/colored-diff.js';
import { formatDuration } from './terminal/format.js';
import { plainLine, plainText } from './terminal/plain-text.js';
import { formatPlan } from './terminal/plan-table.js';

const maxPlanRows = 50;

/** Writes what became of a flow: the plans, what was committed, the outputs, how it ended, and the errors. */
export async function printOutcome(session: Session, outcome: FlowOutcome): Promise<void> {
  for (const planned of outcome.plans) await printPlan(session, planned, outcome.dryRun);
  const { execution } = outcome;
  const outputs = Object.entries(execution.outputs);
  if (outputs.length > 0) session.print(`${outputs.map(formatOutput).join('\n')}\n`);
  session.print(ending(session, outcome));
  for (const { error, taskId } of failuresOf(execution)) {
    session.status.print(formatError(error, session.stderrColors, taskId));
  }
}

async function printPlan(
  session: Session,
  { taskId, plan, run }: PlannedTask,
  dryRun: boolean,
): Promise<void> {
  const { colors } = session;
  const { document } = plan;
  const verdict = dryRun ? 'dry run' : (run?.state.toLowerCase() ?? 'not finished');
  session.print(`${colors.bold(`${plainLine(taskId)} (${document.task})`)} ${verdict}\n`);
  session.print(formatPlan(document, { colors, maxRows: maxPlanRows, rowsUri: rowsUriOf(run) }));
  const { commitId, commitURL } = run?.outputs ?? {};
  if (typeof commitId === 'string') {
    session.print(`commit ${commitId}${typeof commitURL === 'string' ? ` ${plainLine(commitURL)}` : ''}\n`);
  }
  if (session.settings.diff) {
    for (const change of document.changes.filter((one) => isChange(one) || one.hunks !== undefined)) {
      const diff = change.hunks === undefined ? await plan.diff(change) : conflictDiff(change.hunks);
      session.print(`\n${coloredDiff(diff, colors).trimEnd()}\n`);
    }
  }
  session.print('\n');
}

/** What each side made of what they had in common, or the one against the other. */
function conflictDiff({ base, source, target }: ConflictHunks): string {
  return base === null ? `# source against target\n${source}` : `# source\n${source}# target\n${target}`;
}

const endingColors: Record<RunState, 'green' | 'yellow' | 'red' | 'dim'> = {
  SUCCESS: 'green',
  WARNING: 'yellow',
  FAILED: 'red',
  SKIPPED: 'dim',
  CANCELLED: 'yellow',
  PAUSED: 'yellow',
};

function ending({ colors }: Session, { execution, dryRun }: FlowOutcome): string {
  const { namespace, flowId, state, durationMs } = execution;
  const name = flowId === '' ? '' : ` ${namespace}.${flowId}`;
  const note = dryRun ? ', nothing was written' : '';
  return `${colors[endingColors[state]](state)}${name} ${colors.dim(`${formatDuration(durationMs)}${note}`)}\n`;
}

function formatOutput([name, value]: [string, unknown]): string {
  return plainText(`${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`);
}

/**
 * Each failure once: a flowable task only repeats what its children said. A failure that the flow allows, and a task
 * that was cancelled, are in the log and in the state.
 */
function failuresOf({ taskRuns, error }: Execution): { error: ErrorReport; taskId?: string }[] {
  const failed = taskRuns.flatMap(({ state, error: own, taskId, parent }) =>
    state === 'FAILED' && own !== null ? [{ error: own, taskId, parent }] : [],
  );
  const parents = new Set(failed.map(({ parent }) => parent));
  const failures = failed.filter(({ taskId }) => !parents.has(taskId));
  const known = new Set(failures.map((failure) => `${failure.error.code} ${failure.error.message}`));
  return error === null || known.has(`${error.code} ${error.message}`) ? failures : [...failures, { error }];
}
