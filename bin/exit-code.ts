import type { Execution } from '../schemas/execution.js';
import { Interruption } from './io.js';

/** Of a saved plan that no longer fits; nothing was written. */
export const stalePlanExitCode = 3;

/** 0 for success and warnings, 1 for a failure, and the signal's own code for a run that it cut short. */
export function exitCodeOf({ state }: Pick<Execution, 'state'>, signal: AbortSignal): number {
  switch (state) {
    case 'SUCCESS':
    case 'WARNING':
    case 'SKIPPED':
    case 'PAUSED':
      return 0;
    case 'FAILED':
      return 1;
    case 'CANCELLED':
      return signal.reason instanceof Interruption ? signal.reason.exitCode : 1;
  }
}
