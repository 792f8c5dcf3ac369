import type { ScheduleTrigger } from '../../../schemas/triggers.js';
import { hasExpression } from '../../runtime/expressions/index.js';
import { type TriggerProblem, wrong } from '../trigger-problem.js';
import { cronTimes, isTimezone } from './cron-times.js';

/** What is wrong with the times of a schedule: its zone, its expression, or that they never come. */
export function checkCron(trigger: ScheduleTrigger): TriggerProblem[] {
  const { cron, timezone, withSeconds } = trigger;
  const plain = (name: 'cron' | 'timezone') =>
    wrong([name], 'must be written out; expressions are not rendered here');
  if (hasExpression(cron)) return [plain('cron')];
  if (timezone !== undefined && hasExpression(timezone)) return [plain('timezone')];
  if (timezone !== undefined && !isTimezone(timezone)) {
    return [wrong(['timezone'], `"${timezone}" is no time zone; write an IANA name such as Europe/Paris`)];
  }
  try {
    const first = cronTimes(trigger).next(new Date());
    return first === null ? [wrong(['cron'], 'names a time that never comes')] : [];
  } catch (error) {
    return [wrong(['cron'], `is no cron expression: ${explain(cron, withSeconds, error)}`)];
  }
}

/** The cron library's words without its own name, and what people get wrong most in ours. */
function explain(cron: string, withSeconds: boolean, error: unknown): string {
  const fields = cron.trim().split(/\s+/).length;
  if (cron.trim().startsWith('@')) {
    return 'of the names there are @yearly, @monthly, @weekly, @daily and @hourly';
  }
  if (fields === 6 && !withSeconds)
    return 'it has six fields; "withSeconds: true" makes the first one seconds';
  const expected = withSeconds ? 6 : 5;
  if (fields !== expected) {
    const names = `${withSeconds ? 'second, ' : ''}minute, hour, day, month and weekday`;
    return `it has ${fields === 1 ? 'one field' : `${fields} fields`}, not ${expected}: ${names}`;
  }
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^Cron\w+: /, '').replace(/\.$/, '');
}
