import type { ScheduleTrigger } from '../../../schemas/triggers.js';
import { triggersOf } from '../triggers-of.js';
import type { FlowCatalog, StoredFlow } from '../types.js';
import { type CronTimes, cronTimes } from './cron-times.js';
import { type Recovery, recoveryOf } from './due-times.js';

/** A schedule that is looked after. */
export interface Schedule {
  readonly name: string;
  readonly flow: StoredFlow;
  readonly trigger: ScheduleTrigger;
  readonly times: CronTimes;
  readonly recovery: Recovery;
  /** The first time that is not done; null when there is none any more. Until then nothing has to be computed. */
  next: Date | null;
}

/**
 * The schedules of a catalog's flows. Those that nobody edited are the `former` ones; others go on where they were if
 * they were `known` before, which is after `through`, and new ones begin `now`.
 */
export function schedulesOf(
  catalog: Pick<FlowCatalog, 'list'>,
  former: ReadonlyMap<string, Schedule>,
  { known, through, now }: { known: ReadonlySet<string>; through: Date; now: Date },
): Map<string, Schedule> {
  const found = new Map<string, Schedule>();
  for (const flow of catalog.list()) {
    for (const trigger of triggersOf(flow).schedules) {
      const name = `${flow.namespace}/${flow.id}/${trigger.id}`;
      const before = former.get(name);
      if (before?.trigger === trigger) {
        found.set(name, before);
        continue;
      }
      const times = cronTimes(trigger);
      // A run of the former that could not be started is still to come.
      const undone = before?.next == null ? through : new Date(before.next.getTime() - 1);
      const done = known.has(name) ? earlier(through, undone) : now;
      const recovery = recoveryOf(trigger, flow.definition);
      found.set(name, { name, flow, trigger, times, recovery, next: times.next(done) });
    }
  }
  return found;
}

/** Up to when everything is done that these schedules ask for. */
export function doneThrough(schedules: Iterable<Schedule>, now: Date): Date {
  let ms = now.getTime();
  for (const { next } of schedules) if (next !== null && next.getTime() <= ms) ms = next.getTime() - 1;
  return new Date(ms);
}

function earlier(one: Date, other: Date): Date {
  return other < one ? other : one;
}
