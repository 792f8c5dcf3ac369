import { describe, expect, it } from 'vitest';
import { scheduleTrigger } from '../../schemas/triggers.js';
import { conditionsHold } from '../../src/triggers/conditions.js';

const holds = (condition: object, date: string, variables: object = {}) => {
  const { conditions } = scheduleTrigger.parse({
    id: 's',
    type: 'core.trigger.Schedule',
    cron: '@daily',
    conditions: [condition],
  });
  return conditionsHold({ conditions }, { variables: { trigger: { date }, ...variables } });
};

/** Of the days of a month, at half past eleven in the evening, those on which a condition holds. */
async function days(condition: object, month: string, count: number): Promise<number[]> {
  const found: number[] = [];
  for (let day = 1; day <= count; day++) {
    const date = `${month}-${String(day).padStart(2, '0')}T23:30:00-05:00`;
    if (await holds(condition, date)) found.push(day);
  }
  return found;
}

const weekends = [2, 3, 9, 10, 16, 17, 23, 24, 30, 31];
const dayWeek = (dayOfWeek: string) => ({ type: 'DayWeek', dayOfWeek });
const inMonth = (dayOfWeek: string, dayInMonth: string) => ({
  type: 'DayWeekInMonth',
  dayOfWeek,
  dayInMonth,
});

describe('conditions', () => {
  // May 2026 begins on a Friday. In UTC it is the next day already.
  it.each([
    [dayWeek('MONDAY'), [4, 11, 18, 25]],
    [
      { ...dayWeek('SUNDAY'), type: 'io.kestra.core.models.conditions.types.DayWeekCondition' },
      [3, 10, 17, 24, 31],
    ],
    [{ type: 'io.kestra.plugin.core.condition.Weekend', date: '{{ trigger.date }}' }, weekends],
    [inMonth('FRIDAY', 'FIRST'), [1]],
    [inMonth('THURSDAY', 'SECOND'), [14]],
    [inMonth('FRIDAY', 'FOURTH'), [22]],
    [inMonth('FRIDAY', 'LAST'), [29]],
    [inMonth('THURSDAY', 'LAST'), [28]],
    [{ type: 'Or', conditions: [dayWeek('MONDAY'), inMonth('FRIDAY', 'FIRST')] }, [1, 4, 11, 18, 25]],
    [
      {
        type: 'Not',
        conditions: [{ type: 'Weekend' }, { type: 'DateTimeBetween', after: '2026-05-06T00:00:00Z' }],
      },
      [1, 4],
    ],
    [{ type: 'DateTimeBetween', after: '2026-05-05T04:30:00Z', before: '2026-05-07T23:30:00-05:00' }, [5, 6]],
  ])('%j holds on the days it names', async (condition, expected) => {
    expect(await days(condition, '2026-05', 31)).toEqual(expected);
  });

  it('on times of day compare moments, and leave their bounds out', async () => {
    const office = { type: 'TimeBetween', after: '08:00:00+02:00', before: '17:00+02:00' };
    for (const [date, expected] of [
      ['2026-05-04T08:00:00+02:00', false],
      ['2026-05-04T08:00:01+02:00', true],
      ['2026-05-04T06:30:00Z', true],
      ['2026-05-04T15:00:00Z', false],
      ['2026-12-31T16:59:59+02:00', true],
    ] as const) {
      expect([date, await holds(office, date)]).toEqual([date, expected]);
    }
    expect(await holds({ type: 'TimeBetween', before: '12:00Z' }, '2026-05-04T11:59:59Z')).toBe(true);
  });

  it('may be expressions, as `when` is', async () => {
    const expression = { type: 'Expression', expression: '{{ trigger.date == vars.day }}' };
    const variables = { vars: { on: true, day: '2026-05-04T00:00:00Z' } };
    expect(await holds(expression, '2026-05-04T00:00:00Z', variables)).toBe(true);
    expect(await holds(expression, '2026-05-05T00:00:00Z', variables)).toBe(false);
    const scope = { variables: { trigger: {}, ...variables } };
    expect(await conditionsHold({ when: '{{ vars.on }}' }, scope)).toBe(true);
    expect(await conditionsHold({ when: '{{ not vars.on }}' }, scope)).toBe(false);
    const never = { type: 'Not', conditions: [{ type: 'Expression', expression: 'true' }] };
    expect(await conditionsHold({ when: '{{ vars.on }}', conditions: [never] }, scope)).toBe(false);
  });

  it('of a trigger without a date look at the present day', async () => {
    const scope = { variables: { trigger: {} }, now: () => new Date('2026-05-02T23:59:59Z') };
    expect(await conditionsHold({ conditions: [{ type: 'Weekend' }] }, scope)).toBe(true);
    const monday = { ...scope, now: () => new Date('2026-05-04T00:00:00Z') };
    expect(await conditionsHold({ conditions: [{ type: 'Weekend' }] }, monday)).toBe(false);
  });
});
