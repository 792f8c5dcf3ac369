import * as z from 'zod';
import { bool, duration, integer } from './property.js';
import { identifier } from './resources.js';

const retryBounds = {
  maxAttempts: integer(1).optional().describe('How many attempts in all, the first included.'),
  maxAttempt: integer(1).optional().describe('Older name of `maxAttempts`.'),
  maxDuration: duration().optional().describe('No new attempt starts after this long.'),
  warningOnRetry: bool().default(false).describe('End with a warning when an attempt had to be repeated.'),
  retryAll: bool().default(false).describe('Also retry errors that say they are not retryable.'),
};

/** How a failed task is tried again. Only errors that are `retryable` are, unless `retryAll`. */
export const retryPolicy = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('constant'),
    interval: duration().describe('Wait between attempts.'),
    behavior: z.string().optional(),
    ...retryBounds,
  }),
  z.strictObject({
    type: z.literal('exponential'),
    interval: duration().describe('Wait before the second attempt.'),
    delayFactor: z.coerce.number().min(1).default(2).describe('What each wait is multiplied by.'),
    maxInterval: duration().describe('Longest wait.'),
    behavior: z.string().optional(),
    ...retryBounds,
  }),
  z.strictObject({
    type: z.literal('random'),
    minInterval: duration().describe('Shortest wait.'),
    maxInterval: duration().describe('Longest wait.'),
    behavior: z.string().optional(),
    ...retryBounds,
  }),
]);
export type RetryPolicy = z.output<typeof retryPolicy>;

/** What every task of whatever type takes. */
export const coreProperties = z.object({
  id: identifier.describe("The task's id, unique in its flow."),
  type: z.string().min(1).describe('The task type, canonical or its Kestra alias.'),
  description: z.string().optional(),
  disabled: bool().default(false).describe('Skip the task.'),
  runIf: z
    .union([z.boolean(), z.string()])
    .optional()
    .describe('Run only when this renders to a true value.'),
  timeout: duration().optional().describe('Fail the attempt after this long (ISO 8601).'),
  retry: retryPolicy.optional(),
  allowFailure: bool().default(false).describe('A failure becomes a warning and the flow goes on.'),
  allowWarning: bool().default(false).describe('A warning counts as success.'),
  logLevel: z.string().optional(),
  logToFile: z.unknown().optional(),
  workerGroup: z.unknown().optional(),
  version: z.unknown().optional(),
});
export type CoreProperties = z.output<typeof coreProperties>;

/** Core properties that one process cannot give a meaning to; accepted and passed over. */
export const ignoredCoreProperties = ['logToFile', 'workerGroup', 'version'] as const;
