import type { Colors } from 'picocolors/types.js';
import type { ErrorReport } from '../schemas/error-codes.js';
import { plainLine, plainText } from './terminal/plain-text.js';

/** `error CODE: message`, of a task `error CODE [task]: message`, and below it what to do next. */
export function formatError(error: ErrorReport, colors: Colors, taskId?: string): string {
  const where = taskId === undefined ? '' : ` [${plainLine(taskId)}]`;
  const hint =
    error.hint ?? (error.code === 'INTERNAL_ERROR' ? 'Run again with --log-level debug for details.' : null);
  return [
    `${colors.red(colors.bold(`error ${error.code}${where}:`))} ${plainText(error.message)}`,
    ...(hint === null ? [] : [`${colors.cyan('hint:')} ${plainText(hint)}`]),
  ].join('\n');
}
