import { Fault } from '../fault.js';
import { monthName } from './format-pattern.js';
import { isRealDateTime, type LocalDateTime, type Moment, momentOf } from './moment.js';
import type { PatternPart } from './pattern.js';
import { findZone, type Zone } from './zone.js';

const LONGEST_DATE = 100;
const OFFSET = 'Z|[+-]\\d{2}(?::?\\d{2})?(?::?\\d{2})?';
/** What one field looks like in text, by its letter. */
const SHAPES: ReadonlyMap<string, (count: number, locale: string) => string> = new Map([
  ['u', digitsOrMore],
  ['y', digitsOrMore],
  ['M', (count, locale) => (count < 3 ? digits(count) : alternatives(monthNames('M', count, locale)))],
  ['L', (count, locale) => (count < 3 ? digits(count) : alternatives(monthNames('L', count, locale)))],
  ['d', digits],
  ['H', digits],
  ['k', digits],
  ['K', digits],
  ['h', digits],
  ['m', digits],
  ['s', digits],
  ['S', (count) => `\\d{${count}}`],
  ['n', () => '\\d{1,9}'],
  ['a', () => 'AM|PM'],
  ['E', () => '\\p{L}+\\.?'],
  ['V', () => `${OFFSET}|[A-Za-z][\\w/+-]*`],
  ['z', () => `${OFFSET}|[A-Za-z][\\w/+-]*`],
  ['O', () => 'GMT(?:[+-]\\d{1,2}(?::\\d{2})?)?'],
  ['X', () => OFFSET],
  ['x', () => OFFSET],
  ['Z', () => OFFSET],
] satisfies [string, (count: number, locale: string) => string][]);

/** Reads text by a pattern. What the pattern lacks is midnight, and `zone` unless the text names one. */
export function parseByParts(
  parts: readonly PatternPart[],
  text: string,
  zone: Zone,
  locale: string,
): Moment | null {
  const fields: { letter: string; count: number }[] = [];
  const shape = (part: PatternPart): string => {
    if (part.kind === 'text') return part.value.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    if (part.kind === 'optional') return `(?:${part.parts.map(shape).join('')})?`;
    const pattern = SHAPES.get(part.letter);
    if (pattern === undefined) throw new Fault(`"${part.letter}" cannot be read from text`);
    if (fields.some((field) => field.letter === part.letter)) {
      throw new Fault(`"${part.letter}" stands twice in a format to read by`);
    }
    fields.push(part);
    return `(${pattern(part.count, locale)})`;
  };
  const expression = new RegExp(`^${parts.map(shape).join('')}$`, 'u');
  if (text.length > LONGEST_DATE) return null;
  const found = expression.exec(text);
  if (found === null) return null;
  const values = new Map<string, string>();
  fields.forEach(({ letter, count }, index) => {
    const value = found[index + 1];
    if (value !== undefined) values.set(letter, isTwoDigitYear(letter, count) ? `20${value}` : value);
    if (value !== undefined && (letter === 'M' || letter === 'L') && count >= 3) {
      values.set(letter, String(monthNames(letter, count, locale).indexOf(value) + 1));
    }
  });
  return momentFrom(values, zone);
}

function momentFrom(values: ReadonlyMap<string, string>, zone: Zone): Moment | null {
  const number = (...letters: string[]): number | null => {
    const letter = letters.find((candidate) => values.has(candidate));
    return letter === undefined ? null : Number(values.get(letter));
  };
  const year = number('u', 'y');
  const month = number('M', 'L');
  const day = number('d');
  if (year === null || month === null || day === null) return null;
  const fraction = values.get('S');
  const local: LocalDateTime = {
    year,
    month,
    day,
    hour: readHour(number, values.get('a')),
    minute: number('m') ?? 0,
    second: number('s') ?? 0,
    nanos: fraction === undefined ? (number('n') ?? 0) : Number(fraction.padEnd(9, '0')),
  };
  const named = ['V', 'X', 'x', 'Z', 'O', 'z']
    .map((letter) => values.get(letter))
    .find((id) => id !== undefined);
  return isRealDateTime(local) ? momentOf(local, named === undefined ? zone : findZone(named)) : null;
}

function readHour(number: (...letters: string[]) => number | null, half: string | undefined): number {
  const whole = number('H') ?? number('k');
  if (whole !== null) return whole === 24 ? 0 : whole;
  return ((number('h', 'K') ?? 0) % 12) + (half === 'PM' ? 12 : 0);
}

function isTwoDigitYear(letter: string, count: number): boolean {
  return (letter === 'u' || letter === 'y') && count === 2;
}

function digits(count: number): string {
  return count === 1 ? '\\d{1,2}' : `\\d{${count}}`;
}

function digitsOrMore(count: number): string {
  return count === 1 ? '\\d{1,6}' : `\\d{${count}}`;
}

function monthNames(letter: string, count: number, locale: string): string[] {
  return Array.from({ length: 12 }, (_, month) => monthName(month + 1, letter, count, locale));
}

function alternatives(names: readonly string[]): string {
  return names.map((name) => name.replaceAll('.', '\\.')).join('|');
}
