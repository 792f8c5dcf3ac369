import { createInterface } from 'node:readline';
import type { PlanDocument } from '../../schemas/plan.js';
import { CancelledError, NotConfirmedError } from '../../src/errors.js';
import type { Session } from '../session.js';
import { count } from './format.js';
import { formatPlan } from './plan-table.js';

const maxRows = 50;

/**
 * Asks on the terminal before a plan with deletions is applied: what goes is listed, and anything but "y" stops it. One
 * question at a time; what was confirmed once is not asked again when the plan is made anew.
 * @throws NotConfirmedError, from what it returns; also where there is no terminal to ask on
 */
export function askForDeletions(session: Session): (plan: PlanDocument) => Promise<void> {
  const confirmed = new Set<string>();
  let lines: AsyncIterator<string> | null = null;
  let earlier: Promise<unknown> = Promise.resolve();

  const ask = async (plan: PlanDocument, subject: string): Promise<void> => {
    if (confirmed.has(subject)) return;
    lines ??= createInterface({ input: session.io.stdin })[Symbol.asyncIterator]();
    const number = deletionsOf(plan).length;
    session.status.print(listOf(plan, session));
    const question = `Delete ${number === 1 ? 'it' : `these ${number}`}? [y/N] `;
    const answer = await session.status.ask(question, () => nextLine(lines, session.io.signal));
    if (!/^\s*y(es)?\s*$/i.test(answer)) throw notConfirmed(number);
    confirmed.add(subject);
  };

  return (plan) => {
    const deletions = deletionsOf(plan);
    if (deletions.length === 0) return Promise.resolve();
    if (session.io.stdin.isTTY !== true || session.io.stderr.isTTY !== true)
      return Promise.reject(noTerminal(deletions.length));
    const subject = JSON.stringify(deletions.map(({ key, gitPath, before }) => [key, gitPath, before]));
    const asked = earlier.then(() => ask(plan, subject));
    earlier = asked.catch(() => {});
    return asked;
  };
}

function deletionsOf({ changes }: PlanDocument) {
  return changes.filter(({ state }) => state === 'DELETED');
}

function listOf(plan: PlanDocument, { stderrColors: colors }: Session): string {
  return formatPlan({ ...plan, changes: deletionsOf(plan) }, { colors, maxRows, rowsUri: null });
}

/** The end of the input answers nothing, as does Ctrl-C. */
export async function nextLine(lines: AsyncIterator<string> | null, signal: AbortSignal): Promise<string> {
  const interrupted = new Promise<never>((_, reject) => {
    const stop = () => reject(new CancelledError('The question was not answered.'));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  const line = await Promise.race([lines?.next() ?? null, interrupted]);
  return line === null || line.done === true ? '' : line.value;
}

function notConfirmed(number: number): NotConfirmedError {
  return new NotConfirmedError(`${count(number, 'deletion')} not confirmed. Nothing was written.`);
}

function noTerminal(number: number): NotConfirmedError {
  return new NotConfirmedError(
    `${count(number, 'deletion')} to confirm, and there is no terminal to ask on. Nothing was written.`,
    {
      hint: 'Leave --confirm-deletes out and bound deletions with "maxDeletes"; or save the plan with "flowgit plan -o", look at it, and apply it.',
    },
  );
}
