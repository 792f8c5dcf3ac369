import { describe, expect, it } from 'vitest';
import { evaluateTemplate } from '../../../src/runtime/expressions/index.js';
import { evaluate, failure, NOW, scopeOf } from './evaluate.js';

const variables = { date: NOW, winter: '2024-01-15T09:05:03.123456789+01:00', seconds: 1_700_000_000 };

describe('date filters', () => {
  it.each<[string, string]>([
    [`now()`, '2026-01-31T12:30:15.123000Z'],
    [`now('yyyy')`, '2026'],
    [`now(timeZone='Asia/Kolkata')`, '2026-01-31T18:00:15.123000+05:30'],
    [`now() | date("yyyy-MM-dd'T'07:00:00-06:00")`, '2026-01-31T07:00:00-06:00'],
    [`now() | dateFormat('yyyyMMdd-HHmmss')`, '20260131-123015'],
    [`date | date('yyyy-MM-dd HH:mm', timeZone='Europe/Paris')`, '2026-01-31 13:30'],
    [`seconds | date('iso_sec')`, '2023-11-14T22:13:20Z'],
    [`winter | date`, '2024-01-15T08:05:03.123456Z'],
    [`'2024-02-29' | date('dd/MM/yy')`, '29/02/24'],
    [`'2024-02-29T10:00' | date('h:mm a')`, '10:00 AM'],
    [`'2024-02-29T22:00:01.5' | date("hh 'o''clock' a '''' S SSS")`, "10 o'clock PM ' 5 500"],
    [
      `'2024-07-14T10:00:00+02:00[Europe/Paris]' | date('VV z zzzz O OOOO x X xx XXX xxxxx Z ZZZZ ZZZZZ', timeZone='Europe/Paris')`,
      'Europe/Paris GMT+2 Central European Summer Time GMT+2 GMT+02:00 +02 +02 +0200 +02:00 +02:00 +0200 GMT+02:00 +02:00',
    ],
    [`'2024-07-14' | date('X XXX x xxx Z ZZZZ ZZZZZ O VV')`, 'Z Z +00 +00:00 +0000 GMT Z GMT UTC'],
    [`'2024-07-14T00:00:00Z' | date('x XX z VV', timeZone='+05:30')`, '+0530 +0530 +05:30 +05:30'],
    [
      `'2024-07-14' | date('EEE EEEE EEEEE e ee eeee D DDD Q QQ QQQ QQQQ q')`,
      'Sun Sunday S 1 01 Sunday 196 196 3 03 Q3 3rd quarter 3',
    ],
    [
      `'2024-03-05' | date('M MM MMM MMMM MMMMM L d dd u uuuu y yyyyyy G GGGG')`,
      '3 03 Mar March M 3 5 05 2024 2024 2024 002024 AD Anno Domini',
    ],
    [`'2024-12-30' | date('w ww YYYY')`, '1 01 2025'],
    [`'2024-01-01T00:07:09' | date('k kk K KK H HH m s n[ HH][x]')`, '24 24 0 00 0 00 7 9 0 00+00'],
    [`'2024-03-05' | date('EEEE d MMMM', locale='fr')`, 'mardi 5 mars'],
    [`'2024-03-05' | date('MMM', locale='de_DE')`, 'März'],
    [`'-0044-03-15' | date('y G u')`, '45 BC -44'],
  ])('%s is %s', async (source, expected) => {
    expect(await evaluate(`{{ ${source} }}`, variables)).toBe(expected);
  });

  it.each<[string, string]>([
    ['iso', '2024-01-15T09:05:03.123456+01:00'],
    ['iso_sec', '2024-01-15T09:05:03+01:00'],
    ['sql', '2024-01-15 09:05:03.123456'],
    ['sql_seq', '2024-01-15 09:05:03'],
    ['iso_date_time', '2024-01-15T09:05:03.123456789+01:00[Europe/Paris]'],
    ['iso_zoned_date_time', '2024-01-15T09:05:03.123456789+01:00[Europe/Paris]'],
    ['iso_date', '2024-01-15+01:00'],
    ['iso_time', '09:05:03.123456789+01:00'],
    ['iso_offset_time', '09:05:03.123456789+01:00'],
    ['iso_local_date', '2024-01-15'],
    ['iso_local_time', '09:05:03.123456789'],
    ['iso_local_date_time', '2024-01-15T09:05:03.123456789'],
    ['iso_instant', '2024-01-15T08:05:03.123456789Z'],
    ['iso_ordinal_date', '2024-015+01:00'],
    ['iso_week_date', '2024-W03-1+01:00'],
    ['rfc_1123_date_time', 'Mon, 15 Jan 2024 09:05:03 +0100'],
  ])('knows the format %s', async (name, expected) => {
    expect(await evaluate(`{{ winter | date('${name}', timeZone='Europe/Paris') }}`, variables)).toBe(
      expected,
    );
  });

  it('prints fractions of instants in threes, and none when there is none', async () => {
    const texts = ['2024-01-01T00:00:00Z', '2024-01-01T00:00:00.12Z', '2024-01-01T00:00:00.1234Z'];
    const shown = await evaluate(`{% for t in texts %}{{ t | date('iso_instant') }} {% endfor %}`, { texts });
    expect(shown).toBe('2024-01-01T00:00:00Z 2024-01-01T00:00:00.120Z 2024-01-01T00:00:00.123400Z ');
    expect(
      await evaluate(`{{ texts[0] | date('iso_local_time') }} {{ texts[0] | date('rfc_1123_date_time') }}`, {
        texts,
      }),
    ).toBe('00:00:00 Mon, 1 Jan 2024 00:00:00 GMT');
  });

  it('counts the days before the first week to the year before', async () => {
    expect(await evaluate(`{{ '2021-01-01' | date('iso_week_date') }}`)).toBe('2020-W53-5Z');
    expect(await evaluate(`{{ '2021-01-03' | date('YYYY-w') }}`)).toBe('2021-2');
  });

  it('knows the styles full, long, medium and short', async () => {
    const source = `{{ winter | date('full', timeZone='Europe/Paris') }} / {{ winter | date('short', locale='fr_FR') }} / {{ winter | date('long', timeZone='+01:00') }} / {{ winter | date('medium', timeZone='+01:00') }}`;
    expect(String(await evaluate(source, variables)).replaceAll('\u202f', ' ')).toBe(
      'Monday, January 15, 2024 at 9:05:03 AM Central European Standard Time / 15/01/2024 08:05 / January 15, 2024 at 9:05:03 AM +01:00 / Jan 15, 2024, 9:05:03 AM',
    );
  });

  it.each<[string, string, string]>([
    ['31/12/2024', 'dd/MM/yyyy', '2024-12-31T00:00:00.000000Z'],
    ['5.3.24', 'd.M.yy', '2024-03-05T00:00:00.000000Z'],
    ['20240305101112', 'yyyyMMddHHmmss', '2024-03-05T10:11:12.000000Z'],
    ['2024-03-05 10:11:12.5', 'uuuu-MM-dd HH:mm:ss.S', '2024-03-05T10:11:12.500000Z'],
    ['2024-03-05 10:11:12.123456', 'sql', '2024-03-05T10:11:12.123456Z'],
    ['2024-03-05T10:11:12Z', 'iso_date_time', '2024-03-05T10:11:12.000000Z'],
    ['2024-03-05T10:11:12+02:00', "yyyy-MM-dd'T'HH:mm:ssXXX", '2024-03-05T08:11:12.000000Z'],
    ['Tue 5 Mar 2024 10 PM', 'EEE d MMM yyyy h a', '2024-03-05T22:00:00.000000Z'],
    ['5 March 2024 12 AM', 'd MMMM y h a', '2024-03-05T00:00:00.000000Z'],
    ['2024-03-05 24:00 Europe/Paris', 'yyyy-MM-dd kk:mm VV', '2024-03-04T23:00:00.000000Z'],
    ['2024-03-05 GMT+2', 'yyyy-MM-dd O', '2024-03-04T22:00:00.000000Z'],
    ['2024-03-05', 'yyyy-MM-dd[ HH:mm]', '2024-03-05T00:00:00.000000Z'],
    ['2024-03-05 07:30', 'yyyy-MM-dd[ HH:mm]', '2024-03-05T07:30:00.000000Z'],
    ['2024 März 5', 'yyyy MMMM d', 'error'],
    ['1:07:09 2024-03-05', 'H:m:s u-LL-dd', '2024-03-05T01:07:09.000000Z'],
    ['05 Mar 2024 10 +0530', 'dd LLL yyyy KK Z', '2024-03-05T04:30:00.000000Z'],
    ['2024-03-05 5', 'yyyy-MM-dd n', '2024-03-05T00:00:00.000000Z'],
  ])('reads %s by %s', async (text, format, expected) => {
    const source = '{{ text | date(existingFormat=format) }}';
    if (expected === 'error')
      expect(await failure(source, scopeOf({ text, format }))).toContain('is not a date');
    else expect(await evaluate(source, { text, format })).toBe(expected);
  });

  it.each<[string, string]>([
    [`'2024-01-31' | dateAdd(1, 'MONTHS')`, '2024-02-29'],
    [`'2024-03-31' | dateAdd(-1, 'MONTHS')`, '2024-02-29'],
    [`'2024-02-29' | dateAdd(1, 'YEARS')`, '2025-02-28'],
    [`'2024-12-31' | dateAdd(1, 'DAYS')`, '2025-01-01'],
    [`'2024-12-31' | dateAdd('-7', 'days')`, '2024-12-24'],
    [`'2024-01-01' | dateAdd(2, 'WEEKS')`, '2024-01-15'],
    [`'2024-01-01' | dateAdd(1, 'DECADES')`, '2034-01-01'],
    [`'2024-01-01' | dateAdd(-1, 'CENTURIES')`, '1924-01-01'],
    [`'2024-01-01' | dateAdd(1, 'MILLENNIA')`, '3024-01-01'],
  ])('%s is %s', async (source, expected) => {
    expect(await evaluate(`{{ ${source} | date('yyyy-MM-dd') }}`)).toBe(expected);
  });

  it.each<[number, string, string]>([
    [1, 'NANOS', '2024-01-01T00:00:00.000000001'],
    [-1, 'MICROS', '2023-12-31T23:59:59.999999'],
    [1, 'MILLIS', '2024-01-01T00:00:00.001'],
    [90, 'SECONDS', '2024-01-01T00:01:30'],
    [90, 'MINUTES', '2024-01-01T01:30:00'],
    [25, 'HOURS', '2024-01-02T01:00:00'],
    [1, 'HALF_DAYS', '2024-01-01T12:00:00'],
  ])('adds %i %s', async (amount, unit, expected) => {
    const source = `{{ '2024-01-01' | dateAdd(amount, unit, 'iso_local_date_time') }}`;
    expect(await evaluate(source, { amount, unit })).toBe(expected);
  });

  it('keeps the wall clock over a change of the clocks, and the instant for units of time', async () => {
    const add = (text: string, amount: number, unit: string) =>
      evaluate(`{{ text | dateAdd(amount, unit, 'iso_date_time', 'Europe/Paris') }}`, { text, amount, unit });
    const noon = '2024-03-30T12:00:00+01:00[Europe/Paris]';
    expect(await add(noon, 1, 'DAYS')).toBe('2024-03-31T12:00:00+02:00[Europe/Paris]');
    expect(await add(noon, 24, 'HOURS')).toBe('2024-03-31T13:00:00+02:00[Europe/Paris]');
    const gap = '2024-03-30T02:30:00+01:00[Europe/Paris]';
    expect(await add(gap, 1, 'DAYS')).toBe('2024-03-31T03:30:00+02:00[Europe/Paris]');
    const first = '2024-10-26T02:30:00+02:00[Europe/Paris]';
    expect(await add(first, 1, 'DAYS')).toBe('2024-10-27T02:30:00+02:00[Europe/Paris]');
    const second = '2024-10-28T02:30:00+01:00[Europe/Paris]';
    expect(await add(second, -1, 'DAYS')).toBe('2024-10-27T02:30:00+01:00[Europe/Paris]');
  });

  it('reads text without a zone in the zone that is asked for, else the scope’s', async () => {
    const scope = scopeOf({}, {}, { timeZone: 'America/New_York' });
    expect(await evaluateTemplate(`{{ '2024-07-01T10:00' | date('iso_sec') }}`, scope)).toBe(
      '2024-07-01T10:00:00-04:00',
    );
    expect(await evaluateTemplate(`{{ '2024-07-01T10:00' | date('iso_sec', timeZone='UTC') }}`, scope)).toBe(
      '2024-07-01T10:00:00Z',
    );
  });

  it('counts time since 1970', async () => {
    const source =
      '{{ winter | timestamp }} {{ winter | timestampMilli }} {{ winter | timestampMicro }} {{ winter | timestampNano }}';
    expect(await evaluate(source, variables)).toBe(
      '1705305903 1705305903123 1705305903123456 1705305903123456789',
    );
    expect(await evaluate(`{{ '1969-12-31T23:59:59.5Z' | timestampMilli }}`)).toBe(-500);
    expect(await evaluate('{{ old | timestampMilli }}', { old: new Date(-500) })).toBe(-500);
  });

  it.each<[string, string]>([
    [`'x' | date`, 'the text is not a date in ISO 8601. Name its format'],
    [`'2024-02-30' | date`, 'the text is not a date in ISO 8601'],
    [`'2024-13-01' | date(existingFormat='yyyy-MM-dd')`, 'the text is not a date of the format'],
    [`'12:30' | date(existingFormat='HH:mm')`, 'the text is not a date of the format'],
    [`'${'1'.repeat(101)}' | date(existingFormat='yyyy-MM-dd')`, 'the text is not a date of the format'],
    [`'x' | date(existingFormat='w')`, '"w" cannot be read from text'],
    [`'x' | date(existingFormat='d d')`, '"d" stands twice'],
    [`[] | date`, 'a date is needed, not a list'],
    [`invalid | date`, 'the date is not valid'],
    [
      `now() | date('T')`,
      `"T" has no meaning in the date format "T". Put letters that stand for themselves between quotes: 'T'.`,
    ],
    [`now() | date('ddd')`, '"ddd" has no meaning'],
    [`now() | date('V')`, '"V" has no meaning'],
    [`now() | date("'a")`, 'a quote in the date format "\'a" is never closed'],
    [`now() | date('[a')`, '"[" in the date format "[a" is never closed'],
    [`now() | date('a]')`, '"]" in the date format "a]" has no "["'],
    [`now() | date('${'y '.repeat(101)}')`, 'the date format is too long'],
    [`now() | date(timeZone='Mars/Base')`, 'there is no time zone "Mars/Base"'],
    [`now() | date(timeZone='+19:00')`, 'there is no time zone "+19:00"'],
    [`now() | date(locale='no such')`, 'there is no locale "no such"'],
    [`now() | dateAdd(1, 'DAY')`, 'there is no unit "DAY" (there are: NANOS, '],
    [`now() | dateAdd(1, 'DAY')`, 'Did you mean "DAYS"?'],
    [`now() | dateAdd(1, 'FORTNIGHTS')`, 'there is no unit "FORTNIGHTS"'],
    [`now() | dateAdd(9000000000, 'DAYS')`, 'the date is out of range'],
    [`now() | dateAdd(9000000000, 'YEARS')`, 'the date is out of range'],
    [`9000000000000 | date`, 'the date is out of range'],
  ])('%s: %s', async (source, message) => {
    expect(await failure(`{{ ${source} }}`, scopeOf({ invalid: new Date(Number.NaN) }))).toContain(message);
  });
});

describe('calendar functions', () => {
  it.each<[string, unknown]>([
    [`dayOfWeek('2025-01-06T00:30:00+02:00')`, 'MONDAY'],
    [`dayOfMonth('2025-01-06')`, 6],
    [`monthOfYear('2025-01-06')`, 1],
    [`hourOfDay('2025-01-06T17:30:00+02:00')`, 17],
    [`isWeekend('2025-01-04')`, true],
    [`isWeekend('2025-01-06')`, false],
    [`isDayWeekInMonth('2025-01-06', 'MONDAY', 'FIRST')`, true],
    [`isDayWeekInMonth('2025-01-13', 'monday', 'second')`, true],
    [`isDayWeekInMonth('2025-01-27', 'MONDAY', 'LAST')`, true],
    [`isDayWeekInMonth('2025-01-27', 'SUNDAY', 'LAST')`, false],
    [`isDateAfter('2025-01-01T00:00:00+01:00', '2025-01-01T00:00:00Z')`, false],
    [`isDateBefore('2025-01-01T00:00:00+01:00', '2025-01-01T00:00:00Z')`, true],
    [`isDateBetween('2025-01-02', '2025-01-01', '2025-01-03')`, true],
  ])('%s is %j', async (source, expected) => {
    expect(await evaluate(`{{ ${source} }}`)).toBe(expected);
  });

  it('refuse other days and positions', async () => {
    expect(await failure(`{{ isDayWeekInMonth('2025-01-06', 'MOON', 'FIRST') }}`)).toContain('one of MONDAY');
    expect(await failure(`{{ isDayWeekInMonth('2025-01-06', 'MONDAY', 'FIFTH') }}`)).toContain(
      'one of FIRST',
    );
  });
});
