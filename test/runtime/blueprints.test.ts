import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { execute } from './harness.js';

/** Flows that were published for Kestra; most use tasks which this engine does not have. */
const corpus = join(import.meta.dirname, '../../../shared/data/blueprints/flows');
const files = existsSync(corpus) ? readdirSync(corpus) : [];

describe.runIf(files.length > 0)('blueprints', () => {
  it.each(files)('%s runs, or says what is missing', async (file) => {
    const { execution } = await execute(readFileSync(join(corpus, file), 'utf8'));
    const errors = [execution.error, ...execution.taskRuns.map((run) => run.error)];
    const codes = new Set(errors.flatMap((error) => (error === null ? [] : [error.code])));
    for (const code of codes) {
      // A missing input, a variable that only the trigger would bring, or a flowable task's failed child.
      expect(['UNKNOWN_TASK_TYPE', 'INVALID_PROPERTIES', 'EXPRESSION_ERROR', 'TASK_FAILED']).toContain(code);
    }
    if (codes.has('INVALID_PROPERTIES')) expect(execution.error?.message).toContain('is required');
    if (codes.size === 0) expect(execution.state).toBe('SUCCESS');
  });
});
