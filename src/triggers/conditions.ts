import { findCondition } from '../../schemas/trigger-conditions.js';
import type { ScheduleTrigger, TriggerCondition } from '../../schemas/triggers.js';
import type { ExpressionScope } from '../runtime/expressions/index.js';
import { isTruthy, renderValue } from '../runtime/render-value.js';

const weekdays = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'];
const positions = ['FIRST', 'SECOND', 'THIRD', 'FOURTH'];
const dayMs = 86_400_000;

/**
 * Whether everything that a trigger asks for holds; `checkTrigger` has passed it. What asks for a day looks at
 * `trigger.date` as it is written, in its own zone.
 */
export async function conditionsHold(
  trigger: Pick<ScheduleTrigger, 'conditions' | 'scheduleConditions' | 'when'>,
  scope: ExpressionScope,
): Promise<boolean> {
  for (const condition of [...(trigger.conditions ?? []), ...(trigger.scheduleConditions ?? [])]) {
    if (!(await holds(condition, scope))) return false;
  }
  return trigger.when === undefined || isTruthy(await renderValue(trigger.when, scope, 'when'));
}

async function holds(condition: TriggerCondition, scope: ExpressionScope): Promise<boolean> {
  switch (findCondition(condition.type)) {
    case 'Expression':
      return isTruthy(await renderValue(condition.expression, scope, 'expression'));
    case 'Not':
      // As in Kestra: none of them holds.
      return !(await anyHolds(nested(condition), scope));
    case 'Or':
      return anyHolds(nested(condition), scope);
    case 'Weekend':
      return [0, 6].includes(dayOf(scope).getUTCDay());
    case 'DayWeek':
      return isWeekday(condition, dayOf(scope));
    case 'DayWeekInMonth':
      return isWeekday(condition, dayOf(scope)) && isInMonth(String(condition.dayInMonth), dayOf(scope));
    case 'DateTimeBetween':
      return isBetween(momentOf(scope), condition, (text) => Date.parse(text));
    case 'TimeBetween':
      return isBetween(timeOfDayOf(dateOf(scope).slice(11)), condition, timeOfDayOf);
    case null:
      return false;
  }
}

async function anyHolds(conditions: readonly TriggerCondition[], scope: ExpressionScope): Promise<boolean> {
  for (const condition of conditions) if (await holds(condition, scope)) return true;
  return false;
}

/** As in Kestra, the bounds themselves are outside. */
function isBetween(
  value: number,
  { after, before }: TriggerCondition,
  read: (text: string) => number,
): boolean {
  if (typeof after === 'string' && value <= read(after)) return false;
  return typeof before !== 'string' || value < read(before);
}

function isWeekday(condition: TriggerCondition, day: Date): boolean {
  return weekdays[day.getUTCDay()] === condition.dayOfWeek;
}

function isInMonth(position: string, day: Date): boolean {
  if (position !== 'LAST') return Math.ceil(day.getUTCDate() / 7) === positions.indexOf(position) + 1;
  return new Date(day.getTime() + 7 * dayMs).getUTCMonth() !== day.getUTCMonth();
}

/** `trigger.date`. Triggers without one have the present moment, in UTC. */
function dateOf(scope: ExpressionScope): string {
  const { date } = scope.variables.trigger as { date?: unknown };
  return typeof date === 'string' ? date : (scope.now?.() ?? new Date()).toISOString();
}

function dayOf(scope: ExpressionScope): Date {
  return new Date(`${dateOf(scope).slice(0, 10)}T00:00:00Z`);
}

function momentOf(scope: ExpressionScope): number {
  return Date.parse(dateOf(scope));
}

/** A time of day with its offset, as a moment of one day: the later one is the one that comes later on it. */
function timeOfDayOf(text: string): number {
  return Date.parse(`2000-01-01T${text}`);
}

function nested(condition: TriggerCondition): TriggerCondition[] {
  return Array.isArray(condition.conditions) ? (condition.conditions as TriggerCondition[]) : [];
}
