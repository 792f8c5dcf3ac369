import * as z from 'zod';
import { errorReport } from './error-codes.js';

/** `PAUSED`: it stands at a pause, and goes on from there later. */
export const runStates = ['SUCCESS', 'WARNING', 'FAILED', 'SKIPPED', 'CANCELLED', 'PAUSED'] as const;
export const runState = z.enum(runStates);
export type RunState = z.infer<typeof runState>;

/** One task's run. Tasks inside `ForEach` carry the iteration's value. */
export const taskRun = z.object({
  taskId: z.string(),
  type: z.string(),
  state: runState,
  /** 0 when it was skipped. */
  attempts: z.int().nonnegative(),
  startedAt: z.iso.datetime().nullable(),
  durationMs: z.number().nonnegative(),
  /** Id of the flowable task run around it. */
  parent: z.string().optional(),
  value: z.unknown().optional(),
  outputs: z.record(z.string(), z.unknown()),
  error: errorReport.nullable(),
});
export type TaskRun = z.infer<typeof taskRun>;

/** What `flowgit run --json` prints. Task runs are in the order they started. */
export const execution = z.object({
  executionId: z.string(),
  namespace: z.string(),
  flowId: z.string(),
  state: runState,
  startedAt: z.iso.datetime(),
  durationMs: z.number().nonnegative(),
  inputs: z.record(z.string(), z.unknown()),
  outputs: z.record(z.string(), z.unknown()),
  taskRuns: z.array(taskRun),
  /** Why the execution failed, when no task run says it. */
  error: errorReport.nullable(),
});
export type Execution = z.infer<typeof execution>;
