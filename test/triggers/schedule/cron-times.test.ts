import { describe, expect, it } from 'vitest';
import { scheduleTrigger } from '../../../schemas/triggers.js';
import { cronTimes, formatInZone } from '../../../src/triggers/schedule/cron-times.js';

const trigger = (cron: string, further: object = {}) =>
  scheduleTrigger.parse({ id: 's', type: 'core.trigger.Schedule', cron, ...further });

function timesOf(
  cron: string,
  from: string,
  count: number,
  further: { timezone?: string; withSeconds?: boolean } = {},
) {
  const times = cronTimes(trigger(cron, further));
  const found: string[] = [];
  for (let at = times.next(new Date(from)); at !== null && found.length < count; at = times.next(at)) {
    found.push(formatInZone(at, further.timezone));
  }
  return found;
}

describe('times of a schedule', () => {
  it('are in UTC unless told otherwise', () => {
    expect(timesOf('30 2 * * *', '2026-01-01T00:00:00Z', 2)).toEqual([
      '2026-01-01T02:30:00Z',
      '2026-01-02T02:30:00Z',
    ]);
  });

  it.each([
    // Clocks go from 2:00 to 3:00: 2:30 does not exist, and comes right after.
    [
      '30 2 * * *',
      'Europe/Berlin',
      '2026-03-28T12:00:00Z',
      ['2026-03-29T03:00:00+02:00', '2026-03-30T02:30:00+02:00'],
    ],
    // Clocks go from 3:00 back to 2:00: 2:30 comes twice, and runs once.
    [
      '30 2 * * *',
      'Europe/Berlin',
      '2026-10-24T12:00:00Z',
      ['2026-10-25T02:30:00+02:00', '2026-10-26T02:30:00+01:00'],
    ],
    // The change is at midnight here.
    [
      '30 0 * * *',
      'America/Santiago',
      '2026-09-05T12:00:00Z',
      ['2026-09-06T01:00:00-03:00', '2026-09-07T00:30:00-03:00'],
    ],
  ])('%s in %s come once where clocks change', (cron, timezone, from, expected) => {
    expect(timesOf(cron, from, 2, { timezone })).toEqual(expected);
  });

  it.each([
    [
      '0 * * * *',
      'Europe/Berlin',
      '2026-10-24T23:30:00Z',
      [
        '2026-10-25T02:00:00+02:00',
        '2026-10-25T02:00:00+01:00',
        '2026-10-25T03:00:00+01:00',
        '2026-10-25T04:00:00+01:00',
      ],
    ],
    [
      '0 * * * *',
      'America/New_York',
      '2026-03-08T05:30:00Z',
      ['2026-03-08T01:00:00-05:00', '2026-03-08T03:00:00-04:00', '2026-03-08T04:00:00-04:00'],
    ],
    [
      '*/15 * * * *',
      'Australia/Lord_Howe',
      '2026-10-03T15:10:00Z',
      ['2026-10-04T01:45:00+10:30', '2026-10-04T02:30:00+11:00', '2026-10-04T02:45:00+11:00'],
    ],
    [
      '*/15 * * * *',
      'Australia/Lord_Howe',
      '2026-04-04T14:40:00Z',
      [
        '2026-04-05T01:45:00+11:00',
        '2026-04-05T01:30:00+10:30',
        '2026-04-05T01:45:00+10:30',
        '2026-04-05T02:00:00+10:30',
      ],
    ],
  ])('of %s follow the clock on the wall in %s, from %s', (cron, timezone, from, expected) => {
    expect(timesOf(cron, from, expected.length, { timezone })).toEqual(expected);
  });

  it('of every second pass a change without a gap or a second time', () => {
    for (const [timezone, change] of [
      ['Europe/Berlin', '2026-03-29T01:00:00Z'],
      ['Europe/Berlin', '2026-10-25T01:00:00Z'],
      ['Australia/Lord_Howe', '2026-04-04T15:00:00Z'],
    ] as const) {
      const times = cronTimes(trigger('* * * * * *', { timezone, withSeconds: true }));
      const start = Date.parse(change) - 3000;
      for (let second = 0; second < 6; second++) {
        expect(times.next(new Date(start + second * 1000))).toEqual(new Date(start + (second + 1) * 1000));
      }
    }
  });

  it('may have seconds, last days, numbered weekdays, and leap days', () => {
    expect(timesOf('*/20 * * * * *', '2026-01-01T00:00:05Z', 2, { withSeconds: true })).toEqual([
      '2026-01-01T00:00:20Z',
      '2026-01-01T00:00:40Z',
    ]);
    expect(timesOf('0 0 L * *', '2026-02-01T00:00:00Z', 2)).toEqual([
      '2026-02-28T00:00:00Z',
      '2026-03-31T00:00:00Z',
    ]);
    expect(timesOf('0 0 * * MON#2', '2026-02-01T00:00:00Z', 1)).toEqual(['2026-02-09T00:00:00Z']);
    expect(timesOf('0 0 29 2 *', '2026-01-01T00:00:00Z', 1)).toEqual(['2028-02-29T00:00:00Z']);
    expect(timesOf('@daily', '2026-01-01T12:00:00Z', 1)).toEqual(['2026-01-02T00:00:00Z']);
  });

  it('have one before', () => {
    const times = cronTimes(trigger('0 0 1 1 *'));
    expect(times.previous(new Date('2026-06-01T00:00:00Z'))).toEqual(new Date('2026-01-01T00:00:00Z'));
    expect(times.previous(new Date('2026-01-01T00:00:00Z'))).toEqual(new Date('2025-01-01T00:00:00Z'));
    expect(times.last(new Date('2026-01-01T00:00:00Z'))).toEqual(new Date('2026-01-01T00:00:00Z'));
    expect(times.last(new Date('2025-12-31T23:59:59.999Z'))).toEqual(new Date('2025-01-01T00:00:00Z'));
  });

  it.each(['', '61 * * * *', 'every day', '* * * * * *'])('that are none are refused: "%s"', (cron) => {
    expect(() => cronTimes({ ...trigger('* * * * *'), cron })).toThrow();
  });
});
