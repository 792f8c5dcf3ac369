import { existsSync, readFileSync } from 'node:fs';

/**
 * Prints `N passed, N failed` from vitest's JSON report. A test file that could not be loaded counts as a failure, and
 * so does a run that left no report.
 */
const [file = 'reports/vitest.json'] = process.argv.slice(2);
console.log(existsSync(file) ? counts(JSON.parse(readFileSync(file, 'utf8'))) : '0 passed, 1 failed');

function counts(report) {
  const unloaded = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  );
  const skipped = report.numPendingTests + report.numTodoTests;
  return [
    `${report.numPassedTests} passed`,
    `${report.numFailedTests + unloaded.length} failed`,
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
  ].join(', ');
}
