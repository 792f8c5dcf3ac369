import { CancelledError, reportError } from '../src/errors.js';
import { exitCodeOf, stalePlanExitCode } from './exit-code.js';
import { formatError } from './print-error.js';
import type { Session } from './session.js';

/** Reports what ended a command, and resolves to its exit code. The stack is for `--log-level debug`. */
export async function printFailure(session: Session, error: unknown): Promise<number> {
  const { io, settings, status, stderrColors } = session;
  (await session.logger()).debug({ err: error }, 'The command failed');
  const report = reportError(error);
  // With --json, standard error holds JSON lines alone.
  if (settings.json) session.printJson({ error: report });
  else status.print(formatError(report, stderrColors));
  if (report.code === 'STALE_PLAN') return stalePlanExitCode;
  return exitCodeOf({ state: error instanceof CancelledError ? 'CANCELLED' : 'FAILED' }, io.signal);
}
