import type { Logger } from '../logger.js';
import type { Redactor } from '../redaction.js';

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'off'] as const;

export interface TaskLoggerOptions {
  redactor: Redactor;
  /** The task's `logLevel`: lines below it are dropped. */
  level?: string | undefined;
  /** Told of every error line, kept or not. */
  onError?: (message: string) => void;
}

/** A logger whose lines are redacted, and filtered by the task's own level. */
export function taskLogger(target: Logger, options: TaskLoggerOptions): Logger {
  const { redactor } = options;
  const least = levels.indexOf((options.level ?? 'trace').toLowerCase() as (typeof levels)[number]);
  const line = (level: 'debug' | 'info' | 'warn' | 'error') => (fields: object, message: string) => {
    if (level === 'error') options.onError?.(message);
    if (levels.indexOf(level) < least) return;
    target[level](redactor.redactValue(fields), redactor.redact(message));
  };
  return {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    child: (fields) => taskLogger(target.child(redactor.redactValue(fields)), options),
  };
}
