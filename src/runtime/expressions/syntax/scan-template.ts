import { Fault } from '../fault.js';
import { scanExpression, type Token } from './scan-expression.js';

/** A stretch of a template: text, or the tokens between a pair of delimiters. */
export type Segment =
  | { readonly kind: 'text'; readonly value: string }
  | {
      readonly kind: 'print' | 'tag';
      readonly tokens: Token[];
      readonly start: number;
      readonly end: number;
    };

const DELIMITER = /\{\{|\{%|\{#/g;
/** `{{- ` trims and `{{-5` is a number, so a space is asked for; `{%-if` can only mean the trim. */
const TRIM_BEFORE_PRINT = /-(?=\s)/y;
const TRIM_BEFORE_TAG = /-/y;
const VERBATIM = /-?\s*(raw|verbatim)\s*(-?)%\}/y;

/** Whether `source` holds anything to evaluate; a property without it is taken as it stands. */
export function hasDelimiter(source: string): boolean {
  return /\{[{%#]/.test(source);
}

/** Cuts a template into segments. A newline behind a tag stays, as Kestra sets it up (Pebble alone would drop it). */
export function scanTemplate(source: string): Segment[] {
  const segments: Segment[] = [];
  let at = 0;
  let trims = false;
  const text = (end: number, trimsEnd: boolean): void => {
    let value = source.slice(at, end);
    if (trims) value = value.trimStart();
    if (trimsEnd) value = value.trimEnd();
    if (value !== '') segments.push({ kind: 'text', value });
  };
  for (;;) {
    DELIMITER.lastIndex = at;
    const found = DELIMITER.exec(source);
    if (found === null) {
      text(source.length, false);
      return segments;
    }
    const start = found.index;
    const inside = start + 2;
    const isPrint = found[0] === '{{';
    const trimsBefore = matches(isPrint ? TRIM_BEFORE_PRINT : TRIM_BEFORE_TAG, source, inside);
    text(start, trimsBefore);
    if (found[0] === '{#') {
      ({ at, trims } = scanComment(source, start));
      continue;
    }
    VERBATIM.lastIndex = inside;
    const verbatim = isPrint ? null : VERBATIM.exec(source);
    if (verbatim !== null) {
      const block = scanVerbatim(source, start, VERBATIM.lastIndex, verbatim[1] ?? '', verbatim[2] === '-');
      if (block.value !== '') segments.push({ kind: 'text', value: block.value });
      ({ at, trims } = block);
      continue;
    }
    const scanned = scanExpression(source, inside + (trimsBefore ? 1 : 0), isPrint ? '}}' : '%}');
    segments.push({ kind: isPrint ? 'print' : 'tag', tokens: scanned.tokens, start, end: scanned.end });
    at = scanned.end;
    trims = scanned.trimsAfter;
  }
}

function scanComment(source: string, start: number): { at: number; trims: boolean } {
  const end = source.indexOf('#}', start + 2);
  if (end < 0) {
    throw new Fault('the comment "{#" is never closed', {
      offset: start,
      hint: 'If it belongs to shell code, put that between {% raw %} and {% endraw %}.',
    });
  }
  return { at: end + 2, trims: source[end - 1] === '-' };
}

function scanVerbatim(
  source: string,
  start: number,
  from: number,
  word: string,
  trimsStart: boolean,
): { value: string; at: number; trims: boolean } {
  const closing = new RegExp(`\\{%(-?)\\s*end${word}\\s*(-?)%\\}`, 'g');
  closing.lastIndex = from;
  const found = closing.exec(source);
  if (found === null) {
    throw new Fault(`"{% ${word} %}" is never closed`, {
      offset: start,
      hint: `Close it with {% end${word} %}.`,
    });
  }
  let value = source.slice(from, found.index);
  if (trimsStart) value = value.trimStart();
  if (found[1] === '-') value = value.trimEnd();
  return { value, at: closing.lastIndex, trims: found[2] === '-' };
}

function matches(pattern: RegExp, source: string, at: number): boolean {
  pattern.lastIndex = at;
  return pattern.test(source);
}
