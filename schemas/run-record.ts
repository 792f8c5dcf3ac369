import * as z from 'zod';
import { errorReport } from './error-codes.js';
import { object } from './lazy-object.js';
import { changeState, planSummary } from './plan.js';

/**
 * What runs of a sync did, newest last. A run that finds nothing to do writes nothing, and leaves no line. Runs of the
 * same kind in a row share one: those that only moved the recorded commit, and those that failed alike.
 */
export const runRecord = object(() => ({
  /** When the last of them ended, and the first where there are several. */
  at: z.iso.datetime(),
  since: z.iso.datetime().optional(),
  count: z.int().positive(),
  outcome: z.enum(['SUCCESS', 'FAILED']),
  task: z.string(),
  /** The flow that ran it; empty in a program of one's own. */
  flow: z.string(),
  executionId: z.string(),
  /** What a sync read or a push left; null when it failed. */
  commit: z.string().nullable(),
  summary: planSummary.nullable(),
  /** State, git path and resource of what changed, as far as listed. */
  changes: z.array(z.tuple([changeState, z.string(), z.string()])),
  /** How many more changed. */
  more: z.int().nonnegative(),
  error: errorReport.nullable(),
}));
export type RunRecord = z.output<typeof runRecord>;
