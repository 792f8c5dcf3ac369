import type { Colors } from 'picocolors/types.js';
import type { ErrorReport } from '../schemas/error-codes.js';
import { plainText } from './terminal/plain-text.js';

/** `error CODE: message`, and below it what to do next. */
export function formatError(error: ErrorReport, colors: Colors): string {
  const hint =
    error.hint ?? (error.code === 'INTERNAL_ERROR' ? 'Run again with --log-level debug for details.' : null);
  return [
    `${colors.red(colors.bold(`error ${error.code}:`))} ${plainText(error.message)}`,
    ...(hint === null ? [] : [`${colors.cyan('hint:')} ${plainText(hint)}`]),
  ].join('\n');
}
