/** Something to tell about a trigger. */
export interface TriggerProblem {
  /** An error is a mistake; a warning is what flowgit does otherwise than other engines. */
  severity: 'error' | 'warning';
  /** From the trigger. The message goes on from there: `cron` … `is required`. */
  path: readonly PropertyKey[];
  message: string;
  /** Whether the trigger is not run for it. */
  stops: boolean;
}

export function wrong(path: readonly PropertyKey[], message: string): TriggerProblem {
  return { severity: 'error', path, message, stops: true };
}
