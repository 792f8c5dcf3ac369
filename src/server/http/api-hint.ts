import type { ErrorCode, ErrorReport } from '../../../schemas/error-codes.js';

/** Hints that name a command or an option of the command line. */
const commandLine = /\bflowgit (?!serve\b)[a-z]+\b|(?<![\w-])--[a-z]/;

/** What a caller of the API can do instead. Addresses stand below `/api/v1/{tenant}`. */
const hints: Partial<Record<ErrorCode, string>> = {
  INVALID_FLOW: 'POST it to "flows/validate" to see each problem with its line.',
  INVALID_PLAN: 'Make it again with POST "plans". Nothing was written.',
  INVALID_PROPERTIES:
    'POST the flow to "flows/validate" to see each problem with its line; inputs stand in "inputs".',
  LIMIT_EXCEEDED: 'Ask for less at once.',
  SECRET_NOT_FOUND: 'Store it with PUT "namespaces/{namespace}/secrets/{name}", or where the server looks.',
  SYNC_NOT_FOUND: 'GET "syncs" lists those there are.',
  UNKNOWN_TASK_TYPE: 'GET "flows" lists with each flow the task types that this engine lacks.',
};

/** The report of a failure with a hint that fits whoever calls the API: commands are for those at the server's keyboard. */
export function forApi<T extends ErrorReport>(report: T): T {
  if (report.hint === null || !commandLine.test(report.hint)) return report;
  return { ...report, hint: hints[report.code] ?? '"/api/docs" describes every request.' };
}
