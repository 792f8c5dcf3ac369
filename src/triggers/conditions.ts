import type { TriggerCondition } from '../../schemas/triggers.js';
import type { ExpressionScope } from '../runtime/expressions/index.js';
import { isTruthy, renderValue } from '../runtime/render-value.js';

const weekdays = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'];
const positions = ['FIRST', 'SECOND', 'THIRD', 'FOURTH'];

/** Understood conditions by the last part of their type, without the `Condition` that older ones end in. */
const known = new Set(['DayWeek', 'DayWeekInMonth', 'Weekend', 'Expression', 'Not', 'Or']);

/** What of the conditions flowgit does not understand; the trigger is then not run, which is safer than always. */
export function checkConditions(conditions: readonly TriggerCondition[]): string[] {
  return conditions.flatMap((condition): string[] => {
    const name = nameOf(condition);
    if (!known.has(name)) {
      return [`flowgit does not have the condition ${condition.type}, and does not run this trigger`];
    }
    if (name === 'Not' || name === 'Or') return checkConditions(nested(condition));
    if (name === 'Expression') {
      return typeof condition.expression === 'string' ? [] : ['the condition needs an "expression"'];
    }
    const { date = '{{ trigger.date }}' } = condition;
    if (typeof date !== 'string' || !/^\{\{\s*trigger\.date\s*\}\}$/.test(date)) {
      return ['the "date" of a condition can only be {{ trigger.date }}'];
    }
    if (name === 'Weekend') return [];
    const problems = weekdays.includes(String(condition.dayOfWeek))
      ? []
      : ['"dayOfWeek" must be a day such as MONDAY'];
    if (name === 'DayWeek' || [...positions, 'LAST'].includes(String(condition.dayInMonth))) return problems;
    return [...problems, '"dayInMonth" must be FIRST, SECOND, THIRD, FOURTH or LAST'];
  });
}

/** Whether all conditions hold. Those on dates look at the date of `trigger.date` as it is written, in its own zone. */
export async function conditionsHold(
  conditions: readonly TriggerCondition[],
  scope: ExpressionScope,
): Promise<boolean> {
  for (const condition of conditions) {
    if (!(await holds(condition, scope))) return false;
  }
  return true;
}

async function holds(condition: TriggerCondition, scope: ExpressionScope): Promise<boolean> {
  switch (nameOf(condition)) {
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
    default:
      return isWeekday(condition, dayOf(scope)) && isInMonth(String(condition.dayInMonth), dayOf(scope));
  }
}

async function anyHolds(conditions: readonly TriggerCondition[], scope: ExpressionScope): Promise<boolean> {
  for (const condition of conditions) if (await holds(condition, scope)) return true;
  return false;
}

function isWeekday(condition: TriggerCondition, day: Date): boolean {
  return weekdays[day.getUTCDay()] === condition.dayOfWeek;
}

function isInMonth(position: string, day: Date): boolean {
  if (position !== 'LAST') return Math.ceil(day.getUTCDate() / 7) === positions.indexOf(position) + 1;
  return new Date(day.getTime() + 7 * 86_400_000).getUTCMonth() !== day.getUTCMonth();
}

/** The day that `trigger.date` names in its own time zone. Triggers without a date have today's, in UTC. */
function dayOf(scope: ExpressionScope): Date {
  const { date } = scope.variables.trigger as { date?: unknown };
  const text = typeof date === 'string' ? date : (scope.now?.() ?? new Date()).toISOString();
  return new Date(`${text.slice(0, 10)}T00:00:00Z`);
}

function nested(condition: TriggerCondition): TriggerCondition[] {
  return Array.isArray(condition.conditions) ? (condition.conditions as TriggerCondition[]) : [];
}

function nameOf({ type }: TriggerCondition): string {
  return type.slice(type.lastIndexOf('.') + 1).replace(/Condition$/, '');
}
