import { rename, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { StorageError } from '../src/errors.js';
import { isChange } from '../src/plan/make-plan.js';
import type { Arguments } from './command.js';
import { exitCodeOf } from './exit-code.js';
import { printOutcome } from './print-outcome.js';
import type { FlowOutcome } from './run-flow.js';
import type { Session } from './session.js';
import { plainLine } from './terminal/plain-text.js';

/** Shows what a flow would change, saves it where it is to be saved, and gives the exit code of that. */
export async function printPlanned(
  session: Session,
  args: Arguments,
  { outcome, output }: { outcome: FlowOutcome; output: string | undefined },
): Promise<number> {
  const { execution, plans, saved } = outcome;
  const isSaved = output !== undefined && saved !== null;
  if (isSaved) await writePlan(resolve(session.io.cwd, output), JSON.stringify(saved, null, 2));
  if (session.settings.json) {
    session.printJson({
      ...execution,
      plans: plans.map(({ taskId, plan: { document } }) => ({ taskId, ...document })),
      ...(isSaved && { saved: output }),
    });
  } else {
    await printOutcome(session, outcome);
    if (isSaved)
      session.print(`saved in ${plainLine(output)}; "flowgit apply ${plainLine(output)}" applies it\n`);
  }
  const code = exitCodeOf(execution, session.io.signal);
  if (code !== 0 || !args.switches.has('detailed-exitcode')) return code;
  return plans.some(({ plan: { document } }) => document.changes.some(isChange)) ? 2 : 0;
}

/** Whole or not at all, so that nobody applies half a plan. */
async function writePlan(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(draft, `${text}\n`);
    await rename(draft, path);
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new StorageError(`The plan could not be saved as ${path} (${why}).`, { cause });
  }
}
