import { pad } from './format-pattern.js';
import { dayOfWeek, dayOfYear, localOf, type Moment, weekOf } from './moment.js';
import { fixedZone, offsetText } from './zone.js';

/** Kestra's own names for patterns. */
export const NAMED_PATTERNS: ReadonlyMap<string, string> = new Map([
  ['iso', "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX"],
  ['iso_sec', "yyyy-MM-dd'T'HH:mm:ssXXX"],
  ['sql', 'yyyy-MM-dd HH:mm:ss.SSSSSS'],
  ['sql_seq', 'yyyy-MM-dd HH:mm:ss'],
]);

/** Java's predefined formatters under Kestra's names. They print a fraction only when there is one. */
export const NAMED_FORMATS: ReadonlyMap<string, (moment: Moment) => string> = new Map([
  ['iso_date_time', zonedDateTime],
  ['iso_zoned_date_time', zonedDateTime],
  ['iso_date', (moment: Moment) => localDate(moment) + offset(moment)],
  ['iso_time', (moment: Moment) => localTime(moment) + offset(moment)],
  ['iso_offset_time', (moment: Moment) => localTime(moment) + offset(moment)],
  ['iso_local_date', localDate],
  ['iso_local_time', localTime],
  ['iso_local_date_time', (moment: Moment) => `${localDate(moment)}T${localTime(moment)}`],
  ['iso_instant', instant],
  ['iso_ordinal_date', ordinalDate],
  ['iso_week_date', weekDate],
  ['rfc_1123_date_time', rfc1123],
]);

/** Java's localized styles, which `Intl` knows by the same names. */
export const STYLES: ReadonlySet<string> = new Set(['full', 'long', 'medium', 'short']);

/** A moment in a localized style. Exact wording follows Unicode's data, as Java's does. */
export function formatStyle(
  style: 'full' | 'long' | 'medium' | 'short',
  moment: Moment,
  locale: string,
): string {
  const { zone, epochSeconds } = moment;
  if (zone.fixedSeconds === null) {
    const format = new Intl.DateTimeFormat(locale, { dateStyle: style, timeStyle: style, timeZone: zone.id });
    return format.format(epochSeconds * 1000);
  }
  const timeStyle = style === 'short' ? 'short' : 'medium';
  const format = new Intl.DateTimeFormat(locale, { dateStyle: style, timeStyle, timeZone: 'UTC' });
  const text = format.format((epochSeconds + zone.fixedSeconds) * 1000);
  return style === 'full' || style === 'long' ? `${text} ${zone.id}` : text;
}

function localDate(moment: Moment): string {
  const { year, month, day } = localOf(moment);
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
}

function localTime(moment: Moment): string {
  const { hour, minute, second, nanos } = localOf(moment);
  const fraction = nanos === 0 ? '' : `.${pad(nanos, 9).replace(/0+$/, '')}`;
  return `${pad(hour, 2)}:${pad(minute, 2)}:${pad(second, 2)}${fraction}`;
}

function offset({ zone, epochSeconds }: Moment): string {
  const seconds = zone.offsetAt(epochSeconds);
  return seconds === 0 ? 'Z' : offsetText(seconds, ':');
}

function zonedDateTime(moment: Moment): string {
  const region = moment.zone.fixedSeconds === null ? `[${moment.zone.id}]` : '';
  return `${localDate(moment)}T${localTime(moment)}${offset(moment)}${region}`;
}

/** In UTC, with a fraction of 0, 3, 6 or 9 digits. */
function instant(moment: Moment): string {
  const utc = { ...moment, zone: fixedZone(0) };
  const { hour, minute, second, nanos } = localOf(utc);
  const digits = pad(nanos, 9).replace(/(000){1,3}$/, '');
  const fraction = digits === '' ? '' : `.${digits}`;
  return `${localDate(utc)}T${pad(hour, 2)}:${pad(minute, 2)}:${pad(second, 2)}${fraction}Z`;
}

function ordinalDate(moment: Moment): string {
  const local = localOf(moment);
  return `${pad(local.year, 4)}-${pad(dayOfYear(local), 3)}${offset(moment)}`;
}

function weekDate(moment: Moment): string {
  const local = localOf(moment);
  const { year, week } = weekOf(local, 1, 4);
  return `${pad(year, 4)}-W${pad(week, 2)}-${dayOfWeek(local)}${offset(moment)}`;
}

function rfc1123(moment: Moment): string {
  const local = localOf(moment);
  const days = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
  const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
  const time = `${pad(local.hour, 2)}:${pad(local.minute, 2)}:${pad(local.second, 2)}`;
  const seconds = moment.zone.offsetAt(moment.epochSeconds);
  const zone = seconds === 0 ? 'GMT' : offsetText(seconds, '');
  return `${days[dayOfWeek(local) - 1]}, ${local.day} ${months[local.month - 1]} ${pad(local.year, 4)} ${time} ${zone}`;
}
