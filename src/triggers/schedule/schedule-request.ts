import { createHash } from 'node:crypto';
import { reportError } from '../../errors.js';
import type { Logger } from '../../logger.js';
import { renderValue } from '../../runtime/render-value.js';
import { conditionsHold } from '../conditions.js';
import { executionIdOf } from '../execution-id.js';
import { triggerScope } from '../render.js';
import type { StartRequest } from '../types.js';
import { formatInZone } from './cron-times.js';
import type { Schedule } from './schedules.js';

/**
 * What to start at a time of a schedule; null when the conditions do not hold. What cannot be rendered is a run that
 * failed: it could not be rendered in five seconds either, and whoever looks at the flow's executions is to see it.
 */
export async function requestFor(
  { name, flow, trigger, times, recovery }: Schedule,
  date: Date,
  { jitterMs = 0, logger }: { jitterMs?: number; logger: Logger },
): Promise<StartRequest | null> {
  const { timezone } = trigger;
  const format = (time: Date | null) => (time === null ? null : formatInZone(time, timezone));
  const variables = {
    date: format(date),
    next: format(times.next(date)),
    previous: format(times.previous(date)),
  };
  const request = {
    flow,
    trigger: { type: 'schedule', id: trigger.id, variables },
    inputs: {},
    executionId: executionIdOf('schedule', flow.namespace, flow.id, trigger.id, date.toISOString()),
  } as const;
  try {
    const scope = triggerScope(flow, variables, { now: () => date });
    if (!(await conditionsHold(trigger, scope))) return null;
    const inputs = (await renderValue(trigger.inputs ?? {}, scope, 'inputs')) as Record<string, unknown>;
    const delayMs = jitterMs > 0 ? placeOf(name) % jitterMs : 0;
    return {
      ...request,
      inputs,
      // Who asks for all of them wants each; otherwise one run that waits will do for the next time as well.
      ...(recovery !== 'ALL' && { coalesceKey: `schedule ${name}` }),
      ...(delayMs > 0 && { startAfter: new Date(date.getTime() + delayMs) }),
    };
  } catch (failure) {
    const message = 'A scheduled run failed: its inputs or conditions cannot be rendered';
    logger.error({ schedule: name, date, error: reportError(failure) }, message);
    return { ...request, failure };
  }
}

function placeOf(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32BE(0);
}
