import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { InvalidPlanError } from '../src/errors.js';
import { type AppliedTask, applyPlan, checkPlan } from '../src/runtime/saved-plan/apply-plan.js';
import { planContext } from './plan-context.js';
import type { Session } from './session.js';
import { withStorage } from './storage.js';
import { askForDeletions } from './terminal/ask-for-deletions.js';
import { plainLine } from './terminal/plain-text.js';
import { formatPlan } from './terminal/plan-table.js';

const maxPlanRows = 50;

/** Applies the saved plan in a file, or on a dry run only checks whether it could be, and resolves to the exit code. */
export async function applyFile(
  session: Session,
  { file, asks }: { file: string; asks: boolean },
): Promise<number> {
  const { dryRun, json } = session.settings;
  const text = await readPlanFile(session.io.cwd, file);
  const applied = await withStorage(session, async (storage) => {
    const context = await planContext(session, storage, asks ? { confirm: askForDeletions(session) } : {});
    if (!dryRun) return applyPlan(text, context);
    const { tasks } = await checkPlan(text, context);
    return tasks.map(({ taskId, plan }): AppliedTask => ({ taskId, plan, commitId: null, commitURL: null }));
  });
  if (json) session.printJson({ dryRun, tasks: applied });
  else if (applied.length === 0) session.print('the plan holds nothing to apply\n');
  else for (const task of applied) printTask(session, task);
  return 0;
}

function printTask(session: Session, { taskId, plan, commitId, commitURL }: AppliedTask): void {
  const { colors, settings } = session;
  const verdict = settings.dryRun ? 'can be applied, nothing was written' : 'applied';
  session.print(`${colors.bold(`${plainLine(taskId)} (${plan.task})`)} ${verdict}\n`);
  session.print(formatPlan(plan, { colors, maxRows: maxPlanRows, rowsUri: null }));
  if (commitId !== null)
    session.print(`commit ${commitId}${commitURL === null ? '' : ` ${plainLine(commitURL)}`}\n`);
  session.print('\n');
}

async function readPlanFile(cwd: string, file: string): Promise<string> {
  try {
    return await readFile(resolve(cwd, file), 'utf8');
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new InvalidPlanError(`The plan ${file} cannot be read (${why}).`, {
      hint: 'Make one with "flowgit plan FLOW.yml -o PLAN.json".',
      cause,
    });
  }
}
