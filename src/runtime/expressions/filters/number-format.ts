import { Fault } from '../fault.js';

const PATTERN = /^([^#0.,%]*)([#,]*)([0,]*)(?:\.(0*)(#*))?(%?)([^#0.,%]*)$/;
const MOST_DIGITS = 100;

/**
 * A number by a Java `DecimalFormat` pattern such as `#,##0.00` or `0.0%`, in English; without a pattern, with
 * thousands separated and at most three decimals. Halves round to the even neighbour, as in Java.
 */
export function formatNumber(value: number | bigint, pattern: string | null): string {
  if (pattern === null) return format(value, { useGrouping: true, maximumFractionDigits: 3 });
  const found = PATTERN.exec(pattern);
  if (found === null) throw unknownPattern(pattern);
  const [, prefix = '', optional = '', required = '', zeros = '', more = '', percent = '', suffix = ''] =
    found;
  const whole = optional + required;
  const digits = whole.replaceAll(',', '').length;
  if (digits + zeros.length + more.length === 0) throw unknownPattern(pattern);
  if (digits > MOST_DIGITS || zeros.length + more.length > MOST_DIGITS) throw unknownPattern(pattern);
  const group = whole.includes(',') ? whole.length - whole.lastIndexOf(',') - 1 : 0;
  if (group !== 0 && group !== 3) throw unknownPattern(pattern);
  const least = required.replaceAll(',', '').length;
  const text = format(value, {
    style: percent === '' ? 'decimal' : 'percent',
    useGrouping: group === 3,
    minimumIntegerDigits: Math.min(Math.max(least, 1), 21),
    minimumFractionDigits: zeros.length,
    maximumFractionDigits: zeros.length + more.length,
  });
  const negative = text.startsWith('-');
  const body = negative ? text.slice(1) : text;
  const shown = least === 0 ? body.replace(/^0(?=\.\d)/, '') : body;
  return `${negative ? '-' : ''}${unquote(prefix)}${shown}${unquote(suffix)}`;
}

function format(value: number | bigint, options: Intl.NumberFormatOptions): string {
  return new Intl.NumberFormat('en-US', { ...options, roundingMode: 'halfEven' })
    .format(value)
    .replace(/^-(?=0(\.0*)?%?$)/, '-');
}

function unquote(text: string): string {
  return text.replaceAll("''", '\u0000').replaceAll("'", '').replaceAll('\u0000', "'");
}

function unknownPattern(pattern: string): Fault {
  return new Fault(`"${pattern}" is not a number format`, {
    hint: 'Write it like "#,##0.00", "0.0" or "0%".',
  });
}
