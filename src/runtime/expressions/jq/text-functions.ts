import { formatText, textOf } from './formats.js';
import type { JqRun } from './machine.js';
import { array, number, text, type ValueFunction } from './value-kinds.js';
import { isObject, JqError, type Json, typeOf } from './values.js';

/** Functions of text, numbers as text, and dates as text. */
export const TEXT_FUNCTIONS: readonly (readonly [string, ValueFunction])[] = [
  ['utf8bytelength/0', onText((value) => Buffer.byteLength(value, 'utf8'))],
  ['tostring/0', (value, _args, run) => textOf(value, run.budget)],
  ['tonumber/0', toNumber],
  ['tojson/0', (value, _args, run) => formatText('json', value, run.budget)],
  ['fromjson/0', fromJson],
  ['ascii_downcase/0', onText((value) => value.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase()))],
  ['ascii_upcase/0', onText((value) => value.replaceAll(/[a-z]/g, (letter) => letter.toUpperCase()))],
  ['trim/0', onText((value) => value.trim())],
  ['ltrim/0', onText((value) => value.trimStart())],
  ['rtrim/0', onText((value) => value.trimEnd())],
  ['explode/0', onText((value) => Array.from(value, (character) => character.codePointAt(0) ?? 0))],
  ['implode/0', codePoints],
  [
    'split/1',
    (value, [by]) =>
      text(by) === '' ? [...text(value)] : text(value) === '' ? [] : text(value).split(text(by)),
  ],
  ['join/1', join],
  ['startswith/1', (value, [part]) => text(value).startsWith(text(part))],
  ['endswith/1', (value, [part]) => text(value).endsWith(text(part))],
  ['ltrimstr/1', trimmed(true)],
  ['rtrimstr/1', trimmed(false)],
  ['fromdate/0', fromDate],
  ['fromdateiso8601/0', fromDate],
  ['todate/0', toDate],
  ['todateiso8601/0', toDate],
];

function onText(change: (value: string) => Json): ValueFunction {
  return (value) => change(text(value));
}

function join(value: Json, [separator]: readonly Json[], run: JqRun): string {
  let joined = '';
  for (const [index, item] of array(value).entries()) {
    if (Array.isArray(item) || isObject(item)) throw new JqError(`${typeOf(item)} cannot be joined`);
    joined += (index === 0 ? '' : text(separator)) + (item === null ? '' : textOf(item, run.budget));
    run.budget.fits(joined.length);
  }
  return joined;
}

function toNumber(value: Json): number {
  if (typeof value === 'number') return value;
  const shown = text(value).trim();
  if (/^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(shown)) return Number(shown);
  throw new JqError('the text is not a number');
}

function fromJson(value: Json): Json {
  try {
    return JSON.parse(text(value));
  } catch {
    throw new JqError('the text is not JSON');
  }
}

function fromDate(value: Json): number {
  const time = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/.test(text(value))
    ? Date.parse(text(value))
    : Number.NaN;
  if (Number.isNaN(time)) throw new JqError('the text is not a date such as 2015-03-05T23:51:47Z');
  return time / 1000;
}

function toDate(value: Json): string {
  const date = new Date(Math.floor(number(value)) * 1000);
  if (Number.isNaN(date.getTime())) throw new JqError('the date is out of range');
  return date.toISOString().replace('.000Z', 'Z');
}

function trimmed(start: boolean): ValueFunction {
  return (value, [part]) => {
    if (typeof value !== 'string' || typeof part !== 'string' || part === '') return value;
    if (start) return value.startsWith(part) ? value.slice(part.length) : value;
    return value.endsWith(part) ? value.slice(0, -part.length) : value;
  };
}

function codePoints(value: Json): string {
  return array(value)
    .map((code) => {
      const point = number(code);
      return point >= 0 && point <= 0x10ffff && Number.isInteger(point)
        ? String.fromCodePoint(point)
        : '\ufffd';
    })
    .join('');
}
